-- The four numbers of the quick report. Timestamps are UTC without a zone, as Prisma writes them; "this week" is the
-- last seven days, not the calendar's week.
SELECT (SELECT pg_catalog.count(*) FROM public.users) AS total_users,
       (SELECT pg_catalog.count(DISTINCT s."userId") FROM public.user_streaks AS s WHERE s."currentStreak" > 0)
         AS users_with_streaks,
       (SELECT pg_catalog.count(*) FROM public.user_streak_badges) AS total_badges,
       (SELECT pg_catalog.count(*) FROM public.weekly_lesson_completions AS w
         WHERE w."lastLessonAt" > (pg_catalog.now() AT TIME ZONE 'UTC') - INTERVAL '7 days'
           AND w."lastLessonAt" <= pg_catalog.clock_timestamp() AT TIME ZONE 'UTC') AS completions_this_week
