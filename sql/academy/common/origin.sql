-- Content as it was when dev was last copied from production: the same rows on both servers.
--
-- Each side brings its own Stripe mode (:stripe, 'live' or 'test'): the academy's dev database was never connected to
-- the live account. Counters stay 0 here; each side sets its own afterwards.

-- The four instructors per unit of scale are people, so their rows differ between the servers; their ids do not.
INSERT INTO users (id, email, "passwordHash", "firstName", "lastName", username, bio, "membershipLevel", role,
                   "emailVerified", "createdAt", "updatedAt", country)
SELECT pg_temp.cuid('user', n),
       CASE :'stripe' WHEN 'live' THEN 'instructor' || n || '@egrow.example'
            ELSE 'dev+instructor' || n || '@test.example' END,
       '$2b$12$' || left(md5(:'stripe' || 'instructor' || n), 22),
       pg_temp.one_of(ARRAY['Lucía', 'Martín', 'Sofía', 'José María', 'Zoë', 'Iñaki'], 'first' || n),
       pg_temp.one_of(ARRAY['Núñez', 'O''Connor', 'García Márquez', 'Peña', 'Muñoz-Ávila'], 'last' || n),
       'instructor' || n, 'Enseña desde ' || 2005 + n % 15, 'PREMIUM', 'ADMIN', true,
       pg_temp.day(-200 + n % 30), pg_temp.day(-200 + n % 30),
       pg_temp.one_of(ARRAY['ES', 'MX', 'AR', 'CO'], 'land' || n)
  FROM generate_series(1, 4 * :scale) AS n;

INSERT INTO courses (id, title, slug, description, "shortDescription", "imageUrl", price, "isFree", "requiresAuth",
                     difficulty, "durationHours", "lessonsCount", status, "createdAt", "updatedAt", "instructorId",
                     category, meta)
SELECT pg_temp.cuid('course', n),
       pg_temp.one_of(ARRAY['Introducción a', 'Domina', 'Taller de', 'Fundamentos de', '¿Qué es', 'El arte de'],
                      'ct' || n)
         || ' ' || pg_temp.one_of(ARRAY['la IA generativa', '"prompting"', 'las finanzas', 'React & TypeScript',
            'el liderazgo', 'la atención', 'SEO 100%', 'los hábitos ✨'], 'cs' || n) || ' ' || n,
       'curso-' || n,
       CASE WHEN n % 11 = 0 THEN NULL WHEN n % 13 = 0 THEN '' ELSE pg_temp.prose('course' || n, 2 + n % 4) END,
       CASE WHEN n % 7 = 0 THEN '' WHEN n % 5 = 0 THEN NULL
            ELSE 'Aprende en ' || 2 + n % 9 || ' horas — sin rodeos' END,
       'https://cdn.egrow.example/courses/' || n || '.webp',
       CASE WHEN n % 3 = 0 THEN 0 ELSE 19 + n % 80 + 0.99 END, n % 3 = 0, n % 6 <> 0,
       CASE WHEN n % 9 = 0 THEN NULL ELSE (enum_range(NULL::"Difficulty"))[1 + n % 3] END,
       CASE WHEN n % 10 = 0 THEN NULL ELSE 2 + n % 9 END,
       6 + n % 5,
       CASE WHEN n % 12 = 0 THEN 'ARCHIVED' WHEN n % 8 = 0 THEN 'DRAFT' ELSE 'PUBLISHED' END::"CourseStatus",
       pg_temp.day(n % 90), pg_temp.day(90 + n % 30),
       CASE WHEN n % 6 = 0 THEN NULL ELSE pg_temp.cuid('user', 1 + n % (4 * :scale)) END,
       (enum_range(NULL::"CourseCategory"))[1 + n % 8],
       CASE WHEN n % 4 = 0 THEN NULL
            ELSE jsonb_build_object('tags', jsonb_build_array('ñandú', n, NULL, true), 'level', n % 3,
                                    'seo', jsonb_build_object('title', 'Curso "' || n || '"', 'score', n / 7.0)) END
  FROM generate_series(1, 24 * :scale) AS n;

INSERT INTO lessons (id, title, content, "videoUrl", duration, "order", "createdAt", "updatedAt", "courseId")
SELECT pg_temp.cuid('lesson', c * 100 + l), 'Lección ' || l || ': ' || pg_temp.one_of(
         ARRAY['empezar', 'practicar', 'medir', 'crear', 'revisar', 'compartir'], 'lt' || c || '/' || l),
       CASE WHEN (c + l) % 9 = 0 THEN NULL WHEN (c + l) % 17 = 0 THEN ''
            WHEN (c + l) % 6 = 0 THEN pg_temp.prose('lesson' || c || '/' || l, 120)
            ELSE E'# Título\n\n\tUn "ejemplo" con \\barras\\, ''comillas'' y emoji 🚀\n'
                 || pg_temp.prose('lesson' || c || '/' || l, 1 + l % 4) END,
       CASE WHEN l % 4 = 0 THEN NULL ELSE 'https://video.egrow.example/' || c || '/' || l END,
       CASE WHEN l % 5 = 0 THEN NULL ELSE 180 + pg_temp.pick('ld' || c || '/' || l, 1500) END,
       l, pg_temp.day(c % 90), pg_temp.day(90 + c % 30), pg_temp.cuid('course', c)
  FROM generate_series(1, 24 * :scale) AS c, LATERAL generate_series(1, 6 + c % 5) AS l;

INSERT INTO resources (id, title, slug, description, "shortDescription", "imageUrl", category, type, author, "fileUrl",
                       "requiresAuth", "isFree", status, "createdAt", "updatedAt")
SELECT pg_temp.cuid('resource', n), 'Recurso Nº ' || n, 'recurso-' || n,
       CASE WHEN n % 8 = 0 THEN NULL ELSE pg_temp.prose('resource' || n, 1 + n % 3) END,
       CASE WHEN n % 5 = 0 THEN '' ELSE 'Descárgalo gratis' END, NULL,
       (enum_range(NULL::"ResourceCategory"))[1 + n % 17], (enum_range(NULL::"ResourceType"))[1 + n % 10],
       CASE WHEN n % 3 = 0 THEN NULL ELSE 'Equipo eGrow' END, 'https://cdn.egrow.example/files/' || n,
       n % 4 <> 0, n % 5 <> 0, CASE WHEN n % 9 = 0 THEN 'DRAFT' ELSE 'PUBLISHED' END::"ResourceStatus",
       pg_temp.day(n % 60), pg_temp.day(60 + n % 30)
  FROM generate_series(1, 30 * :scale) AS n;

INSERT INTO resource_topics (id, title, description, "order", "resourceId")
SELECT pg_temp.cuid('topic', r * 10 + t), 'Tema ' || t, CASE t WHEN 2 THEN NULL ELSE 'Sobre el tema' END, t,
       pg_temp.cuid('resource', r)
  FROM generate_series(1, 30 * :scale) AS r, generate_series(1, 2) AS t;

INSERT INTO events (id, title, description, type, "createdAt", "updatedAt", "endDate", "isFree", location,
                    "maxCapacity", price, "startDate", status)
SELECT pg_temp.cuid('event', n), 'Evento ' || n || ' · en directo', CASE WHEN n % 4 = 0 THEN NULL ELSE 'Ven.' END,
       (enum_range(NULL::"EventType"))[1 + n % 9], pg_temp.day(n), pg_temp.day(n + 10),
       pg_temp.day(200 + n) + INTERVAL '2 hours', n % 3 <> 0,
       CASE WHEN n % 2 = 0 THEN 'Online' ELSE 'Málaga, España' END, CASE WHEN n % 5 = 0 THEN NULL ELSE 50 + n END,
       CASE WHEN n % 3 = 0 THEN 25.5 ELSE 0 END, pg_temp.day(200 + n),
       CASE WHEN n % 6 = 0 THEN 'COMPLETED' ELSE 'UPCOMING' END
  FROM generate_series(1, 12 * :scale) AS n;

INSERT INTO promotions (id, type, title, description, "ctaText", "ctaUrl", "isActive", "startDate", "endDate", priority,
                        "targetAudience", "maxImpressions", "createdAt", "updatedAt")
SELECT pg_temp.cuid('promotion', n), (enum_range(NULL::"PromotionType"))[1 + n % 3], 'Oferta ' || n || ' −30 %',
       CASE WHEN n % 3 = 0 THEN NULL ELSE 'Sólo esta semana' END, '¡Lo quiero!', '/oferta/' || n, n % 4 <> 0,
       pg_temp.day(n), pg_temp.day(300 + n), 1 + n % 9, (enum_range(NULL::"TargetAudience"))[1 + n % 4],
       CASE WHEN n % 2 = 0 THEN NULL ELSE 10000 END, pg_temp.day(n), pg_temp.day(n + 5)
  FROM generate_series(1, 8 * :scale) AS n;

INSERT INTO products (id, "stripeProductId", name, description, active, metadata, "createdAt", "updatedAt")
SELECT pg_temp.cuid('product', n),
       CASE :'stripe' WHEN 'test' THEN 'prod_test_' ELSE 'prod_' END || left(md5(:'stripe' || 'product' || n), 14),
       'Premium ' || n, CASE WHEN n % 2 = 0 THEN NULL ELSE 'Acceso a todo' END, n % 5 <> 0,
       jsonb_build_object('tier', n, 'features', jsonb_build_array('cursos', 'comunidad')),
       pg_temp.day(n), pg_temp.day(n)
  FROM generate_series(1, 6 * :scale) AS n;

INSERT INTO prices (id, "stripePriceId", active, currency, type, "unitAmount", "interval", "intervalCount",
                    "trialPeriodDays", metadata, "createdAt", "updatedAt", "productId")
SELECT pg_temp.cuid('price', n),
       CASE :'stripe' WHEN 'test' THEN 'price_test_' ELSE 'price_' END || left(md5(:'stripe' || 'price' || n), 14),
       n % 7 <> 0, CASE WHEN n % 4 = 0 THEN 'eur' ELSE 'usd' END,
       CASE WHEN n % 3 = 0 THEN 'ONE_TIME' ELSE 'RECURRING' END::"PriceType", 900 + 100 * (n % 20),
       CASE WHEN n % 3 = 0 THEN NULL WHEN n % 2 = 0 THEN 'YEAR' ELSE 'MONTH' END::"BillingInterval",
       CASE WHEN n % 3 = 0 THEN NULL ELSE 1 END, CASE WHEN n % 5 = 0 THEN 7 END, NULL, pg_temp.day(n), pg_temp.day(n),
       pg_temp.cuid('product', 1 + n % (6 * :scale))
  FROM generate_series(1, 10 * :scale) AS n;

INSERT INTO webinars (id, title, description, "startsAt", "joinUrl", "createdAt", "updatedAt")
SELECT pg_temp.cuid('webinar', n), 'Webinar ' || n, NULL, pg_temp.day(100 + n), 'https://meet.egrow.example/' || n,
       pg_temp.day(n), pg_temp.day(n)
  FROM generate_series(1, 4 * :scale) AS n;

INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, started_at, applied_steps_count)
SELECT overlay(overlay(overlay(overlay(md5('m' || n) PLACING '-' FROM 9 FOR 0) PLACING '-' FROM 14 FOR 0)
         PLACING '-' FROM 19 FOR 0) PLACING '-' FROM 24 FOR 0),
       md5('a' || n) || md5('b' || n), pg_temp.day(n) + INTERVAL '1 second',
       '2025030' || n % 10 || '0000' || lpad(n::text, 2, '0')
         || '_step_' || n, pg_temp.day(n), 1
  FROM generate_series(1, 12) AS n;
