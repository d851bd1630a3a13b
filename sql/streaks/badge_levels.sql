-- How many badges were given of each level, in the order of the levels, and how many of them are active.
SELECT b."badgeLevel"::text AS level,
       pg_catalog.count(*) AS given,
       pg_catalog.count(*) FILTER (WHERE b."isActive") AS active
  FROM public.user_streak_badges AS b
 GROUP BY b."badgeLevel"
 ORDER BY b."badgeLevel"
