-- Streaks, badges, points and weekly completions, consistent with each other by construction.
--
-- A plan with one row per user and week comes first, everything else is derived from it: the week's lessons are the sum
-- over its courses, points are the sum of their history, a badge's streak never exceeds the longest streak.
-- Week 0 is the running week; its dates lie in the last days before now() and those of older weeks more than seven
-- days back, on whichever day of the week this runs.

CREATE TEMPORARY TABLE streak_user ON COMMIT DROP AS
WITH numbered AS (
  SELECT n, (n - 1) / 10 * 3 + (n - 1) % 10 AS k FROM generate_series(1, 150 * :scale) AS n WHERE (n - 1) % 10 < 3
), badged AS (
  -- of 45 people 9 have one badge, 30 two, 4 three, 2 four: 89
  SELECT n, CASE WHEN k % 45 < 30 THEN 2 WHEN k % 45 < 39 THEN 1 WHEN k % 45 < 43 THEN 3 ELSE 4 END AS badges
    FROM numbered
), measured AS (
  -- from the streak that the last badge asks for to just below that of the next one
  SELECT n, badges, (ARRAY[1, 3, 5, 8])[badges] + pg_temp.pick('longest' || n, (ARRAY[2, 2, 3, 4])[badges]) AS longest
    FROM badged
)
-- one in four has lost a longer streak and begun again
SELECT n, badges, longest,
       CASE WHEN pg_temp.pick('run' || n, 4) = 0 THEN greatest(1, longest - 2) ELSE longest END AS run
  FROM measured;

-- People who are active this week without a streak: 37 of 105, with one course each.
CREATE TEMPORARY TABLE casual_user ON COMMIT DROP AS
SELECT n FROM (SELECT n, (n - 1) / 10 * 7 + (n - 1) % 10 - 3 AS m
                 FROM generate_series(1, 150 * :scale) AS n WHERE (n - 1) % 10 >= 3) AS numbered
 WHERE m % 105 < 37;

CREATE TEMPORARY TABLE completion_plan ON COMMIT DROP AS
WITH moment AS (
  SELECT now() AT TIME ZONE 'UTC' AS present, date_trunc('week', now() AT TIME ZONE 'UTC') AS this_week
), who AS (
  SELECT n, w, j FROM streak_user, LATERAL generate_series(0, run - 1) AS w, generate_series(0, 1) AS j
  UNION ALL
  SELECT n, 0, 0 FROM casual_user
), bounded AS (
  SELECT n, w, j, this_week - w * INTERVAL '7 days' AS week_start, present - w * INTERVAL '7 days' AS latest,
         CASE w WHEN 0 THEN greatest(this_week, present - INTERVAL '3 days')
                ELSE this_week - w * INTERVAL '7 days' END AS earliest
    FROM who, moment
)
SELECT n, w, j, week_start, 2 + pg_temp.pick('lessons' || n || '/' || w || '/' || j, 3) + j AS lessons,
       earliest + pg_temp.pick('at' || n || '/' || w || '/' || j, 1000) / 1000.0 * (latest - earliest) AS last_at
  FROM bounded;

INSERT INTO weekly_lesson_completions (id, "userId", "weekStart", "courseId", "lessonsCompletedInWeek", "lastLessonAt",
                                       "createdAt", "updatedAt")
SELECT pg_temp.cuid('completion', n * 1000 + w * 10 + j), pg_temp.cuid('user', n), week_start,
       pg_temp.course_of(n, j, 24 * :scale), lessons, last_at, last_at, last_at
  FROM completion_plan;

-- Ten points for each complete week; one in eight of the longer runs was once saved with points.
CREATE TEMPORARY TABLE recovery_plan ON COMMIT DROP AS
SELECT n, run, badges, 5 * run AS points FROM streak_user WHERE run >= 2 AND pg_temp.pick('recovery' || n, 8) = 0;

INSERT INTO user_streaks (id, "userId", "weekStartDate", "currentWeekLessons", "currentStreak", "longestStreak",
                          "totalPoints", "lifetimePointsEarned", "isCurrentWeekComplete", "lastLessonCompletedAt",
                          "pointsSpentOnRecovery", "recoveryCount", "lastRecoveryUsed", "createdAt", "updatedAt")
SELECT pg_temp.cuid('streak', p.n * 100 + p.w), pg_temp.cuid('user', p.n), p.week_start, sum(p.lessons),
       coalesce(s.run - p.w, 0), coalesce(s.longest, 0), coalesce(10 * (s.run - p.w), 0) - coalesce(r.points, 0),
       coalesce(10 * (s.run - p.w), 0), s.n IS NOT NULL, max(p.last_at), coalesce(r.points, 0),
       CASE WHEN r.n IS NULL THEN 0 ELSE 1 END, CASE WHEN r.n IS NOT NULL THEN p.week_start END,
       min(p.last_at), max(p.last_at)
  FROM completion_plan AS p
  LEFT JOIN streak_user AS s ON s.n = p.n
  LEFT JOIN recovery_plan AS r ON r.n = p.n AND p.w = 0
 GROUP BY p.n, p.w, p.week_start, s.n, s.run, s.longest, r.n, r.points;

INSERT INTO user_streak_badges (id, "userId", "badgeLevel", "streakWhenEarned", "isActive", "earnedAt")
SELECT pg_temp.cuid('badge', n * 10 + b), pg_temp.cuid('user', n), (enum_range(NULL::"StreakBadgeLevel"))[b],
       (ARRAY[1, 3, 5, 8])[b], true,
       pg_temp.day(100 + b * 7)
  FROM streak_user, LATERAL generate_series(1, badges) AS b;

INSERT INTO user_points_history (id, "userId", "pointsEarned", "transactionType", reason, "weekStart",
                                 "lessonsCompleted", "coursesUsed", "createdAt")
SELECT pg_temp.cuid('points', n * 100 + w), pg_temp.cuid('user', n), 10, 'WEEKLY_GOAL'::"PointTransactionType",
       'Meta semanal completada', week_start, sum(lessons), 2, max(last_at)
  FROM completion_plan JOIN streak_user USING (n) GROUP BY n, w, week_start
UNION ALL
SELECT pg_temp.cuid('spent', n), pg_temp.cuid('user', n), -points, 'RECOVERY_SPENT', 'Racha recuperada', NULL, NULL,
       NULL,
       date_trunc('week', now() AT TIME ZONE 'UTC')
  FROM recovery_plan;

INSERT INTO streak_recovery_history (id, "userId", "pointsSpent", "badgeLevel", "recoveryReason", "originalStreakLost",
                                     "weekMissed", "recoveredAt")
SELECT pg_temp.cuid('recovery', n), pg_temp.cuid('user', n), points, (enum_range(NULL::"StreakBadgeLevel"))[badges],
       'Vacaciones', run,
       date_trunc('week', now() AT TIME ZONE 'UTC') - INTERVAL '7 days', date_trunc('week', now() AT TIME ZONE 'UTC')
  FROM recovery_plan;
