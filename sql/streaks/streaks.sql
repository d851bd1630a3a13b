-- The running streaks, the longest first: of each user the newest week, because user_streaks has a row per user and week.
SELECT s."userId" AS user,
       s."weekStartDate" AT TIME ZONE 'UTC' AS week,
       s."currentStreak" AS current_streak,
       s."longestStreak" AS longest_streak,
       s."currentWeekLessons" AS week_lessons,
       s."isCurrentWeekComplete" AS week_complete,
       s."totalPoints" AS total_points,
       s."lastLessonCompletedAt" AT TIME ZONE 'UTC' AS last_lesson_at
  FROM (SELECT DISTINCT ON ("userId") * FROM public.user_streaks ORDER BY "userId", "weekStartDate" DESC) AS s
 WHERE s."currentStreak" > 0
 ORDER BY s."currentStreak" DESC, s."longestStreak" DESC, s."userId"
