-- The points earned and spent, the last ones first.
SELECT p."userId" AS user,
       p."pointsEarned" AS points,
       p."transactionType"::text AS kind,
       p.reason,
       p."weekStart" AT TIME ZONE 'UTC' AS week,
       p."createdAt" AT TIME ZONE 'UTC' AS at
  FROM public.user_points_history AS p
 ORDER BY p."createdAt" DESC, p.id
