-- The badges, those given last first.
SELECT b."userId" AS user,
       b."badgeLevel"::text AS badge,
       b."streakWhenEarned" AS streak_when_earned,
       b."isActive" AS active,
       b."earnedAt" AT TIME ZONE 'UTC' AS earned_at
  FROM public.user_streak_badges AS b
 ORDER BY b."earnedAt" DESC, b.id
