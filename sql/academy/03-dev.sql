-- Dev: the origin content after weeks of editing, and a handful of test people.
--
--   psql -v scale=1 -v seed=1 -f 03-dev.sql
--
-- New, edited and missing content; Stripe's test mode; counters of its own. Every instructor that dev's courses name
-- exists on production too.

\set ON_ERROR_STOP on

BEGIN;
\ir common/helpers.sql
\set stripe test
SET LOCAL ROLE academy_owner;
\ir common/origin.sql

-- --------------------------------------------------------------------------------------------------------------- new

INSERT INTO courses (id, title, slug, description, "shortDescription", price, "isFree", difficulty, "durationHours",
                     "lessonsCount",
                     status, "createdAt", "updatedAt", "instructorId", category, meta)
SELECT pg_temp.cuid('new-course', n), 'Novedad: agentes de IA ' || n || ' 🤖', 'agentes-de-ia-' || n,
       pg_temp.prose('new-course' || n, 3),
       CASE WHEN n % 2 = 0 THEN '' ELSE NULL END, 129.90, false, 'ADVANCED', 12, 6, 'PUBLISHED', pg_temp.day(195),
       pg_temp.day(196),
       CASE WHEN n % 3 = 0 THEN NULL ELSE pg_temp.cuid('user', 1 + n % (4 * :scale)) END, 'IA_PARA_EMPRENDER',
       '{"launch": true, "ratio": 1.50}'
  FROM generate_series(1, 3 * :scale) AS n;

INSERT INTO lessons (id, title, content, "videoUrl", duration, "order", "createdAt", "updatedAt", "courseId")
SELECT pg_temp.cuid('new-lesson', n * 10 + l), 'Agentes, parte ' || l,
       pg_temp.prose('new-lesson' || n || '/' || l, CASE l WHEN 1 THEN 150 ELSE 3 END),
       NULL, 600 + l, l, pg_temp.day(195), pg_temp.day(196), pg_temp.cuid('new-course', n)
  FROM generate_series(1, 3 * :scale) AS n, generate_series(1, 6) AS l;

INSERT INTO resources (id, title, slug, description, category, type, "fileUrl", status, "createdAt", "updatedAt")
SELECT pg_temp.cuid('new-resource', n), 'Último webinar ' || n, 'ultimo-webinar-' || n, NULL,
       CASE WHEN n % 2 = 0 THEN 'EN_VIVO' ELSE 'ULTIMO_WEBINAR' END::"ResourceCategory", 'VIDEO',
       'https://cdn.egrow.example/new/' || n,
       'PUBLISHED', pg_temp.day(195), pg_temp.day(195)
  FROM generate_series(1, 4 * :scale) AS n;

INSERT INTO resource_topics (id, title, "order", "resourceId")
SELECT pg_temp.cuid('new-topic', n), 'Tema nuevo', 1, pg_temp.cuid('new-resource', n)
  FROM generate_series(1, 4 * :scale) AS n;

INSERT INTO events (id, title, description, type, "createdAt", "updatedAt", "startDate", "endDate", "maxCapacity")
SELECT pg_temp.cuid('new-event', n), 'Lanzamiento ' || n, 'En vivo', 'LANZAMIENTO', pg_temp.day(195), pg_temp.day(195),
       pg_temp.day(230),
       pg_temp.day(230.1), 200
  FROM generate_series(1, 3 * :scale) AS n;

INSERT INTO promotions (id, type, title, "ctaText", "ctaUrl", "createdAt", "updatedAt", "startDate", priority)
SELECT pg_temp.cuid('new-promotion', n), 'NEW_COURSE', 'Nuevo: agentes de IA ' || n, 'Empezar',
       '/cursos/agentes-de-ia-' || n, pg_temp.day(195),
       pg_temp.day(195), pg_temp.day(230), 1
  FROM generate_series(1, 2 * :scale) AS n;

INSERT INTO products (id, "stripeProductId", name, metadata, "createdAt", "updatedAt")
SELECT pg_temp.cuid('new-product', n), 'prod_test_' || left(md5('new-product' || n), 14), 'Premium Equipos ' || n,
       '{"tier": "team"}',
       pg_temp.day(195), pg_temp.day(195)
  FROM generate_series(1, :scale) AS n;

INSERT INTO prices (id, "stripePriceId", type, "unitAmount", "interval", "intervalCount", "createdAt", "updatedAt",
                    "productId")
SELECT pg_temp.cuid('new-price', n * 10 + p), 'price_test_' || left(md5('new-price' || n || p), 14), 'RECURRING',
       4900 * p,
       CASE p WHEN 1 THEN 'MONTH' ELSE 'YEAR' END::"BillingInterval", 1, pg_temp.day(195), pg_temp.day(195),
       pg_temp.cuid('new-product', n)
  FROM generate_series(1, :scale) AS n, generate_series(1, 2) AS p;

-- ------------------------------------------------------------------------------------------------------------ edited
-- Among them what a careless comparison overlooks: NULL against '', 1 against 1.00, a key of jsonb, a space.

UPDATE courses SET title = title || ' (edición 2026)', price = price + 10, "updatedAt" = pg_temp.day(196)
 WHERE id IN (SELECT pg_temp.cuid('course', g * 24 + 1) FROM generate_series(0, :scale - 1) AS g);
UPDATE courses SET status = 'PUBLISHED', "shortDescription" = '¡Ya disponible!', "updatedAt" = pg_temp.day(196)
 WHERE id IN (SELECT pg_temp.cuid('course', g * 24 + 8) FROM generate_series(0, :scale - 1) AS g);
UPDATE courses SET description = CASE WHEN description IS NULL THEN '' END, "updatedAt" = pg_temp.day(196)
 WHERE id IN (SELECT pg_temp.cuid('course', g * 24 + 11) FROM generate_series(0, :scale - 1) AS g);
UPDATE courses SET meta = jsonb_set(coalesce(meta, '{}'), '{promo}', 'true'), "updatedAt" = pg_temp.day(196)
 WHERE id IN (SELECT pg_temp.cuid('course', g * 24 + 5) FROM generate_series(0, :scale - 1) AS g);
UPDATE courses SET "instructorId" = NULL, title = title || ' '
 WHERE id IN (SELECT pg_temp.cuid('course', g * 24 + 14) FROM generate_series(0, :scale - 1) AS g);

UPDATE lessons SET content = 'Corregido. ' || coalesce(content, ''), duration = NULL, "updatedAt" = pg_temp.day(196)
 WHERE id IN (SELECT pg_temp.cuid('lesson', (g * 24 + c) * 100 + l)
                FROM generate_series(0, :scale - 1) AS g, generate_series(2, 7) AS c, generate_series(1, 2) AS l);

UPDATE resources SET title = title || ' v2', author = coalesce(author, ''), "updatedAt" = pg_temp.day(196)
 WHERE id IN (SELECT pg_temp.cuid('resource', g * 30 + r) FROM generate_series(0, :scale - 1) AS g,
                   generate_series(3, 8) AS r);
UPDATE events SET "maxCapacity" = 500, location = 'Online', "updatedAt" = pg_temp.day(196)
 WHERE id IN (SELECT pg_temp.cuid('event', g * 12 + e) FROM generate_series(0, :scale - 1) AS g,
                   generate_series(1, 2) AS e);
UPDATE promotions SET "isActive" = false, "updatedAt" = pg_temp.day(196)
 WHERE id IN (SELECT pg_temp.cuid('promotion', g * 8 + 1) FROM generate_series(0, :scale - 1) AS g);

-- ------------------------------------------------------------------------------------------- counters of a test system

UPDATE courses SET "studentsCount" = pg_temp.pick('dev' || slug, 4), rating = pg_temp.pick('devr' || slug, 3);
UPDATE resources SET "downloadsCount" = pg_temp.pick('dev' || slug, 3), rating = 1;
UPDATE events SET "currentCapacity" = 1;
UPDATE promotions SET "currentImpressions" = pg_temp.pick('dev' || id, 9);

-- ------------------------------------------------------------------------------------------------------- test people

INSERT INTO users (id, email, "passwordHash", "firstName", "lastName", username, "emailVerified", "createdAt",
                   "updatedAt")
SELECT pg_temp.cuid('tester', n), 'tester' || n || '@test.example', '$2b$12$' || md5('tester' || n), 'Tester',
       'Nº ' || n, 'tester' || n, true,
       pg_temp.day(10), pg_temp.day(10)
  FROM generate_series(1, 5) AS n;
INSERT INTO sessions (id, token, "expiresAt", "createdAt", "userId")
SELECT pg_temp.cuid('tester-session', n), md5('tester-session' || n), pg_temp.day(230), pg_temp.day(195),
       pg_temp.cuid('tester', n)
  FROM generate_series(1, 5) AS n;
INSERT INTO enrollments (id, "enrolledAt", "progressPercentage", status, "userId", "courseId")
SELECT pg_temp.cuid('tester-enrollment', n), pg_temp.day(195), 50, 'ACTIVE', pg_temp.cuid('tester', n),
       pg_temp.cuid('new-course', 1)
  FROM generate_series(1, 5) AS n;

COMMIT;
