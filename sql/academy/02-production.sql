-- Production: the origin content, what only production has, and people.
--
--   psql -v scale=1 -v seed=1 -f 02-production.sql
--
-- At scale 1: 150 users, 45 of them with a streak, 89 badges, 127 lesson completions in the last seven days, and a few
-- thousand rows around them; a larger scale multiplies every count. The rows are the same for the same scale and seed,
-- except the dates of user_streaks, weekly_lesson_completions, user_points_history and streak_recovery_history: "this
-- week" has to be the week of the reader, so those count back from now().

\set ON_ERROR_STOP on

BEGIN;
\ir common/helpers.sql
\set stripe live
SET LOCAL ROLE academy_owner;
\ir common/origin.sql

-- -------------------------------------------------------------------------------------- content only production has

INSERT INTO courses (id, title, slug, description, price, "isFree", status, "createdAt", "updatedAt", category,
                     "lessonsCount")
SELECT pg_temp.cuid('prod-course', n), 'Edición especial ' || n, 'edicion-especial-' || n, 'Sólo en producción', 49,
       false,
       'PUBLISHED', pg_temp.day(150), pg_temp.day(150), 'LIDERAZGO', 2
  FROM generate_series(1, 2 * :scale) AS n;

INSERT INTO lessons (id, title, content, "order", "createdAt", "updatedAt", "courseId")
SELECT pg_temp.cuid('prod-lesson', n * 10 + l), 'Sesión ' || l, 'Grabada en directo', l, pg_temp.day(150),
       pg_temp.day(150),
       pg_temp.cuid('prod-course', n)
  FROM generate_series(1, 2 * :scale) AS n, generate_series(1, 2) AS l;

INSERT INTO resources (id, title, slug, category, type, status, "createdAt", "updatedAt")
SELECT pg_temp.cuid('prod-resource', n), 'Grabación ' || n, 'grabacion-' || n, 'GRABACIONES', 'VIDEO', 'PUBLISHED',
       pg_temp.day(151), pg_temp.day(151)
  FROM generate_series(1, 2 * :scale) AS n;

INSERT INTO events (id, title, type, "createdAt", "updatedAt")
SELECT pg_temp.cuid('prod-event', n), 'Encuentro de alumnos ' || n, 'MEETUP', pg_temp.day(152), pg_temp.day(152)
  FROM generate_series(1, :scale) AS n;

INSERT INTO promotions (id, type, title, "ctaText", "ctaUrl", "createdAt", "updatedAt")
SELECT pg_temp.cuid('prod-promotion', n), 'SPECIAL_OFFER', 'Aniversario ' || n, 'Ver', '/aniversario', pg_temp.day(153),
       pg_temp.day(153)
  FROM generate_series(1, :scale) AS n;

-- ------------------------------------------------------------------------------------------------------------ people
-- Users 1 … 4·scale are the instructors of the origin. Users whose number leaves a rest below 3 when divided by ten
-- have a streak: 45 of 150 at any scale.

INSERT INTO users (id, email, "passwordHash", "firstName", "lastName", username, "profileImage", bio, "membershipLevel",
                   "emailVerified", "isActive", "createdAt", "updatedAt", "lastLogin", "stripeCustomerId", country,
                   "hasBeenPremium", "verificationCode", "verificationCodeExpires")
SELECT pg_temp.cuid('user', n), 'user' || n || '@alumnos.example', '$2b$12$' || md5('pw' || n),
       pg_temp.one_of(ARRAY['Ana', 'Björn', 'Chloé', 'Đặng', 'Mónica', '李', 'Jürgen', 'María José'], 'uf' || n),
       pg_temp.one_of(ARRAY['López', 'D''Angelo', 'Müller', 'Nguyễn', 'Ibáñez', '小龙', 'de la Cruz'], 'ul' || n),
       CASE WHEN n % 9 = 0 THEN NULL ELSE 'alumno_' || n END, NULL,
       CASE WHEN n % 4 = 0 THEN '' WHEN n % 3 = 0 THEN 'Me gusta "aprender" 📚' END,
       CASE WHEN n % 5 = 0 THEN 'PREMIUM' ELSE 'FREE' END::"MembershipLevel", n % 6 <> 0, n % 40 <> 0,
       pg_temp.day(n % 180 + 0.1), pg_temp.day(n % 180 + 5), pg_temp.day(185 + n % 10),
       CASE WHEN n % 5 = 0 THEN 'cus_' || left(md5('cus' || n), 14) END,
       CASE WHEN n % 7 = 0 THEN NULL ELSE pg_temp.one_of(ARRAY['ES', 'MX', 'AR', 'CO', 'CL', 'PE'], 'uc' || n) END,
       n % 5 = 0, CASE WHEN n % 6 = 0 THEN lpad(pg_temp.pick('vc' || n, 1000000)::text, 6, '0') END,
       CASE WHEN n % 6 = 0 THEN pg_temp.day(n % 180 + 1) END
  FROM generate_series(4 * :scale + 1, 150 * :scale) AS n;

INSERT INTO user_preferences (id, "userId", interests, "skillLevel", "learningGoals", "preferredTopics", "createdAt",
                              "updatedAt", badge_customization, notification_preferences, privacy_settings)
SELECT pg_temp.cuid('preference', n), pg_temp.cuid('user', n),
       CASE WHEN n % 6 = 0 THEN '{}' ELSE ARRAY['IA', 'diseño', 'a,b', 'con "comillas"'] END,
       CASE WHEN n % 4 = 0 THEN NULL ELSE 'medio' END,
       CASE WHEN n % 5 = 0 THEN NULL ELSE ARRAY['empleo', NULL] END, ARRAY['productividad'], pg_temp.day(n % 180),
       pg_temp.day(n % 180),
       NULL, jsonb_build_object('email', n % 2 = 0, 'push', n % 3 = 0), '{"profile": "public"}'
  FROM generate_series(1, 150 * :scale) AS n WHERE n % 3 <> 0;

INSERT INTO sessions (id, token, "expiresAt", "createdAt", "userId")
SELECT pg_temp.cuid('session', n * 10 + s), md5('token' || n || '/' || s) || md5('t' || n || s),
       pg_temp.day(200 + n % 60),
       pg_temp.day(180 + n % 15), pg_temp.cuid('user', n)
  FROM generate_series(1, 150 * :scale) AS n, LATERAL generate_series(1, 1 + n % 3) AS s;

-- Course j of user n; 7 is prime to every course count that matters, so the courses of one user differ.
CREATE FUNCTION pg_temp.course_of(n bigint, j bigint, total bigint) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN pg_temp.cuid('course', 1 + (pg_temp.pick('enrol' || $1, $3) + $2 * 7) % $3);

INSERT INTO enrollments (id, "enrolledAt", "completedAt", "progressPercentage", status, "userId", "courseId")
SELECT pg_temp.cuid('enrollment', n * 10 + j), pg_temp.day(100 + n % 60),
       CASE WHEN (n + j) % 5 = 0 THEN pg_temp.day(170 + n % 10) END,
       CASE WHEN (n + j) % 5 = 0 THEN 100 ELSE (n * 13 + j) % 90 END,
       CASE WHEN (n + j) % 5 = 0 THEN 'COMPLETED' WHEN (n + j) % 11 = 0 THEN 'PAUSED'
            ELSE 'ACTIVE' END::"EnrollmentStatus",
       pg_temp.cuid('user', n),
       CASE WHEN j = 3 AND n % 8 = 0 THEN pg_temp.cuid('prod-course', 1 + n % (2 * :scale))
            ELSE pg_temp.course_of(n, j, 24 * :scale) END
  FROM generate_series(1, 150 * :scale) AS n, LATERAL generate_series(0, 1 + n % 3) AS j;

INSERT INTO course_progress (id, "enrollmentId", "currentLesson", "completedLessons", "progressPercentage",
                             "lastAccessed",
                             "startedAt", "completedAt", "totalTimeSpent", "totalSessions", "averageSessionTime",
                             "longestSession", status, "courseSpecificData")
SELECT pg_temp.cuid('progress', n * 10 + j), pg_temp.cuid('enrollment', n * 10 + j), 1 + (n + j) % 6,
       ARRAY(SELECT l::text FROM generate_series(1, (n + j) % 6) AS l), (n * 13 + j) % 90, pg_temp.day(185 + n % 10),
       pg_temp.day(100 + n % 60), NULL, 60 * (n % 300), 1 + n % 12, 5 * (n % 300), 900 + n % 900,
       CASE WHEN (n + j) % 6 = 0 THEN 'NOT_STARTED' ELSE 'IN_PROGRESS' END::"ProgressStatus",
       CASE WHEN n % 2 = 0 THEN jsonb_build_object('quiz', n % 10, 'nota', 'bien ✔') END
  FROM generate_series(1, 150 * :scale) AS n, LATERAL generate_series(0, 1 + n % 3) AS j;

INSERT INTO lesson_progress (id, "courseProgressId", "lessonNumber", "lessonTitle", "isCompleted", "completedAt",
                             "timeSpent",
                             "firstAccessed", "lastAccessed", "accessCount", "completionAttempts", "userNotes",
                             "lessonSpecificData")
SELECT pg_temp.cuid('lessonprogress', n * 100 + j * 10 + l), pg_temp.cuid('progress', n * 10 + j), l, 'Lección ' || l,
       true,
       pg_temp.day(160 + n % 20), 300 + n % 600, pg_temp.day(150 + n % 20), pg_temp.day(160 + n % 20), 1 + l % 3, 1,
       CASE WHEN (n + l) % 10 = 0 THEN E'Repasar:\n- "capítulo" ' || l END, NULL
  FROM generate_series(1, 150 * :scale) AS n, LATERAL generate_series(0, 1 + n % 3) AS j,
  LATERAL generate_series(1, (n + j) % 6) AS l;

INSERT INTO subscriptions (id, "stripeSubscriptionId", status, "currentPeriodStart", "currentPeriodEnd",
                           "cancelAtPeriodEnd",
                           "createdAt", "updatedAt", "userId", "priceId")
SELECT pg_temp.cuid('subscription', n), 'sub_' || left(md5('sub' || n), 14),
       CASE WHEN n % 25 = 0 THEN 'CANCELED' ELSE 'ACTIVE' END::"SubscriptionStatus", pg_temp.day(180), pg_temp.day(210),
       n % 25 = 0,
       pg_temp.day(120), pg_temp.day(180), pg_temp.cuid('user', n), pg_temp.cuid('price', 1 + n % (10 * :scale))
  FROM generate_series(5, 150 * :scale, 5) AS n;

INSERT INTO payments (id, "stripePaymentId", amount, currency, status, "paymentMethod", description, metadata,
                      "createdAt",
                      "updatedAt", "userId", "courseId", "subscriptionId")
SELECT pg_temp.cuid('payment', n), 'pi_' || left(md5('pi' || n), 22), 900 + 100 * (n % 50), 'usd',
       CASE WHEN n % 14 = 0 THEN 'REFUNDED' ELSE 'SUCCEEDED' END::"PaymentStatus", 'card', NULL,
       jsonb_build_object('n', n),
       pg_temp.day(130 + n % 50), pg_temp.day(130 + n % 50), pg_temp.cuid('user', n),
       CASE WHEN n % 5 <> 0 THEN pg_temp.course_of(n, 0, 24 * :scale) END,
       CASE WHEN n % 5 = 0 THEN pg_temp.cuid('subscription', n) END
  FROM generate_series(5, 150 * :scale) AS n WHERE n % 5 = 0 OR n % 2 = 0;

INSERT INTO community_posts (id, title, content, category, "createdAt", "updatedAt", "userId")
SELECT pg_temp.cuid('post', n), '¿Alguien más en el curso ' || n || '?', pg_temp.prose('post' || n, 1 + n % 5),
       CASE WHEN n % 3 = 0 THEN NULL ELSE 'dudas' END, pg_temp.day(n % 180), pg_temp.day(n % 180),
       pg_temp.cuid('user', 1 + n * 3 % (150 * :scale))
  FROM generate_series(1, 40 * :scale) AS n;

INSERT INTO comments (id, content, type, "createdAt", "updatedAt", "userId", "courseId", "parentId", "postId")
SELECT pg_temp.cuid('comment', n), '¡Gracias! ' || md5('c' || n),
       CASE WHEN n % 2 = 0 THEN 'POST' ELSE 'COURSE' END::"CommentType",
       pg_temp.day(n % 180), pg_temp.day(n % 180), pg_temp.cuid('user', 1 + n % (150 * :scale)),
       CASE WHEN n % 2 = 1 THEN pg_temp.course_of(n, 0, 24 * :scale) END,
       CASE WHEN n % 4 = 0 THEN pg_temp.cuid('comment', n - 2) END,
       CASE WHEN n % 2 = 0 THEN pg_temp.cuid('post', 1 + n % (40 * :scale)) END
  FROM generate_series(1, 200 * :scale) AS n;

INSERT INTO likes (id, "createdAt", "userId", "commentId", "postId")
SELECT pg_temp.cuid('like', n), pg_temp.day(n % 180), pg_temp.cuid('user', 1 + n % (150 * :scale)),
       CASE WHEN n % 2 = 0 THEN pg_temp.cuid('comment', 1 + n / 2) END,
       CASE WHEN n % 2 = 1 THEN pg_temp.cuid('post', 1 + n % (40 * :scale)) END
  FROM generate_series(1, 300 * :scale) AS n;

INSERT INTO ratings (id, rating, type, "createdAt", "updatedAt", "userId", "courseId")
SELECT pg_temp.cuid('rating', n), 3 + n % 3, 'COURSE', pg_temp.day(170), pg_temp.day(170), pg_temp.cuid('user', n),
       pg_temp.course_of(n, 0, 24 * :scale)
  FROM generate_series(1, 150 * :scale) AS n WHERE n % 2 = 0;

INSERT INTO event_registrations (id, "userId", "eventId", "registeredAt")
SELECT pg_temp.cuid('eventreg', n), pg_temp.cuid('user', n), pg_temp.cuid('event', 1 + n % (12 * :scale)),
       pg_temp.day(175)
  FROM generate_series(1, 150 * :scale) AS n WHERE n % 3 <> 1;

INSERT INTO promotion_interactions (id, "promotionId", "userId", action, "sessionId", "pageUrl", referrer, "userAgent",
                                    "createdAt", "ipAddress")
SELECT pg_temp.cuid('interaction', n), pg_temp.cuid('promotion', 1 + n % (8 * :scale)),
       CASE WHEN n % 4 = 0 THEN NULL ELSE pg_temp.cuid('user', 1 + n % (150 * :scale)) END,
       (enum_range(NULL::"PromotionAction"))[1 + n % 3], md5('s' || n), '/cursos?page=' || n, '', 'Mozilla/5.0',
       pg_temp.day(n % 180),
       '203.0.113.' || n % 255
  FROM generate_series(1, 250 * :scale) AS n;

INSERT INTO resource_access_logs (id, "userId", "resourceId", "accessedAt")
SELECT pg_temp.cuid('access', n), pg_temp.cuid('user', 1 + n % (150 * :scale)),
       pg_temp.cuid('resource', 1 + n % (30 * :scale)), pg_temp.day(n % 180)
  FROM generate_series(1, 300 * :scale) AS n;

INSERT INTO security_logs (id, event, details, "ipAddress", "userAgent", "createdAt", "userId")
SELECT pg_temp.cuid('security', n), CASE WHEN n % 10 = 0 THEN 'LOGIN_FAILED' ELSE 'LOGIN' END,
       jsonb_build_object('try', n % 3),
       '198.51.100.' || n % 255, NULL, pg_temp.day(n % 180),
       CASE WHEN n % 10 = 0 THEN NULL ELSE pg_temp.cuid('user', 1 + n % (150 * :scale)) END
  FROM generate_series(1, 200 * :scale) AS n;

INSERT INTO user_behaviors (id, "userId", action, "targetId", "targetType", metadata, "createdAt")
SELECT pg_temp.cuid('behavior', n), pg_temp.cuid('user', 1 + n % (150 * :scale)), 'view',
       pg_temp.course_of(n, 1, 24 * :scale), 'course',
       jsonb_build_object('seconds', n % 600), pg_temp.day(n % 180)
  FROM generate_series(1, 300 * :scale) AS n;

INSERT INTO recommendations (id, "userId", target_id, target_type, score, reason, is_viewed, created_at)
SELECT pg_temp.cuid('recommendation', n), pg_temp.cuid('user', n), pg_temp.course_of(n, 2, 24 * :scale), 'course',
       n / 7.0, 'Según tus intereses',
       n % 2 = 0, pg_temp.day(180)
  FROM generate_series(1, 150 * :scale) AS n;

INSERT INTO achievements (id, "userId", type, title, description, points, badge, created_at)
SELECT pg_temp.cuid('achievement', n), pg_temp.cuid('user', n), 'first_lesson', 'Primera lección', '¡Enhorabuena!', 10,
       '🥇', pg_temp.day(160)
  FROM generate_series(1, 150 * :scale) AS n WHERE n % 4 = 0;

INSERT INTO webinar_registrations (id, "webinarId", "firstName", "lastName", email, phone, "createdAt")
SELECT pg_temp.cuid('webinarreg', n), pg_temp.cuid('webinar', 1 + n % (4 * :scale)), 'Asistente', 'Nº ' || n,
       'guest' || n || '@example.net',
       CASE WHEN n % 3 = 0 THEN NULL ELSE '+34 600 ' || lpad((n % 1000000)::text, 6, '0') END, pg_temp.day(100 + n % 20)
  FROM generate_series(1, 60 * :scale) AS n;

\ir common/streaks.sql

-- --------------------------------------------------------------------------------- counters that production has earned

UPDATE courses AS c
   SET "studentsCount" = (SELECT count(*) FROM enrollments AS e WHERE e."courseId" = c.id),
       rating = coalesce((SELECT round(avg(r.rating), 2) FROM ratings AS r WHERE r."courseId" = c.id), 0);
UPDATE resources AS r
   SET "downloadsCount" = (SELECT count(*) FROM resource_access_logs AS l WHERE l."resourceId" = r.id),
       rating = 3 + pg_temp.pick('rr' || r.slug, 20) / 10.0;
UPDATE events AS e
   SET "currentCapacity" = (SELECT count(*) FROM event_registrations AS g WHERE g."eventId" = e.id);
UPDATE promotions AS p
   SET "currentImpressions" = (SELECT count(*) FROM promotion_interactions AS i WHERE i."promotionId" = p.id);

COMMIT;
