-- The streaks that were saved with points, the last ones first.
SELECT r."userId" AS user,
       r."pointsSpent" AS points_spent,
       r."badgeLevel"::text AS badge,
       r."originalStreakLost" AS streak_lost,
       r."weekMissed" AT TIME ZONE 'UTC' AS week_missed,
       r."recoveryReason" AS reason,
       r."recoveredAt" AT TIME ZONE 'UTC' AS recovered_at
  FROM public.streak_recovery_history AS r
 ORDER BY r."recoveredAt" DESC, r.id
