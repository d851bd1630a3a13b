-- The lessons completed, the last ones first, by user, week and course; courseId has no foreign key, so the course is not looked up.
SELECT w."userId" AS user,
       w."weekStart" AT TIME ZONE 'UTC' AS week,
       w."courseId" AS course,
       w."lessonsCompletedInWeek" AS lessons,
       w."lastLessonAt" AT TIME ZONE 'UTC' AS last_lesson_at
  FROM public.weekly_lesson_completions AS w
 ORDER BY w."lastLessonAt" DESC NULLS LAST, w.id
