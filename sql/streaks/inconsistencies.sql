-- What contradicts itself, each with the two numbers that should agree; `total` counts also those beyond the limit, NULL for none.
-- A week without completions has a sum of 0. What is spent on recovery and the longest streak are asked of all weeks of
-- a user together, and reported for the newest week that has them; a badge without any week has no week.
WITH week_sum AS (
    SELECT w."userId" AS user_id, w."weekStart" AS week, pg_catalog.sum(w."lessonsCompletedInWeek") AS lessons
      FROM public.weekly_lesson_completions AS w
     GROUP BY w."userId", w."weekStart"
), per_user AS (
    SELECT s."userId" AS user_id,
           pg_catalog.max(s."longestStreak") AS longest,
           pg_catalog.max(s."weekStartDate") AS last_week,
           pg_catalog.sum(s."pointsSpentOnRecovery") AS spent,
           pg_catalog.max(s."weekStartDate") FILTER (WHERE s."pointsSpentOnRecovery" > 0) AS spent_week
      FROM public.user_streaks AS s
     GROUP BY s."userId"
), recovered AS (
    SELECT r."userId" AS user_id, pg_catalog.sum(r."pointsSpent") AS spent
      FROM public.streak_recovery_history AS r
     GROUP BY r."userId"
), found (kind, user_id, week, badge, recorded, expected) AS (
    SELECT 'week_lessons', s."userId", s."weekStartDate", NULL, s."currentWeekLessons", COALESCE(w.lessons, 0)
      FROM public.user_streaks AS s
      LEFT JOIN week_sum AS w ON w.user_id = s."userId" AND w.week = s."weekStartDate"
     WHERE s."currentWeekLessons" <> COALESCE(w.lessons, 0)
     UNION ALL
    SELECT 'current_streak', s."userId", s."weekStartDate", NULL, s."currentStreak", s."longestStreak"
      FROM public.user_streaks AS s
     WHERE s."currentStreak" > s."longestStreak"
     UNION ALL
    SELECT 'recovery_points', u.user_id, u.spent_week, NULL, u.spent, COALESCE(r.spent, 0)
      FROM per_user AS u
      LEFT JOIN recovered AS r ON r.user_id = u.user_id
     WHERE u.spent > COALESCE(r.spent, 0)
     UNION ALL
    SELECT 'badge', b."userId", u.last_week, b."badgeLevel"::text, b."streakWhenEarned", COALESCE(u.longest, 0)
      FROM public.user_streak_badges AS b
      LEFT JOIN per_user AS u ON u.user_id = b."userId"
     WHERE b."streakWhenEarned" > COALESCE(u.longest, 0)
)
SELECT f.kind,
       f.user_id AS user,
       f.week AT TIME ZONE 'UTC' AS week,
       f.badge,
       f.recorded::bigint AS recorded,
       f.expected::bigint AS expected,
       pg_catalog.count(*) OVER () AS total
  FROM found AS f
 ORDER BY f.user_id, f.week, f.kind, f.badge
 LIMIT $1
