-- The academy's schema, as Prisma would have made it: quoted camelCase columns, text keys that the client makes (cuid),
-- unique indexes instead of unique constraints, ON UPDATE CASCADE everywhere, no database default for "updatedAt".
--
-- Runs alone (psql -f), in the lab, and as an init script of the postgres image. All in one transaction: a failure
-- leaves nothing. ACADEMY_APP_PASSWORD in psql's environment becomes the application role's password.

\set ON_ERROR_STOP on
\getenv app_password ACADEMY_APP_PASSWORD

BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public;

-- Roles belong to the whole cluster, so another database may have made them already.
SELECT NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'academy_owner') AS no_owner,
       NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'academy_app') AS no_app,
       NOT rolsuper AS ordinary
  FROM pg_catalog.pg_roles WHERE rolname = current_user \gset
\if :no_owner
CREATE ROLE academy_owner NOLOGIN;
\endif
\if :no_app
CREATE ROLE academy_app LOGIN;
\endif
\if :{?app_password}
ALTER ROLE academy_app PASSWORD :'app_password';
\endif
\if :ordinary
GRANT academy_owner TO CURRENT_USER;
\endif
GRANT USAGE, CREATE ON SCHEMA public TO academy_owner;
GRANT USAGE ON SCHEMA public TO academy_app;

SET LOCAL ROLE academy_owner;

CREATE TYPE "CourseStatus" AS ENUM ('DRAFT', 'PUBLISHED', 'ARCHIVED');
CREATE TYPE "ResourceStatus" AS ENUM ('DRAFT', 'PUBLISHED', 'ARCHIVED');
CREATE TYPE "Difficulty" AS ENUM ('BEGINNER', 'INTERMEDIATE', 'ADVANCED');
CREATE TYPE "CourseCategory" AS ENUM ('HABILIDADES_IRREMPLAZABLES', 'IA_PARA_EMPRENDER', 'DESARROLLO_WEB',
  'MARKETING_DIGITAL', 'PRODUCTIVIDAD', 'FINANZAS_PERSONALES', 'LIDERAZGO', 'INNOVACION_TECNOLOGICA');
CREATE TYPE "ResourceCategory" AS ENUM ('PLANTILLAS', 'GUIAS', 'EBOOKS', 'HERRAMIENTAS', 'CHECKLISTS', 'PROMPTS',
  'INFOGRAFIAS', 'CASOS_DE_ESTUDIO', 'PRESENTACIONES', 'PODCASTS', 'VIDEOS', 'AUDIOLIBROS', 'CALCULADORAS',
  'CODIGO_FUENTE', 'INVESTIGACIONES', 'ENTREVISTAS', 'GRABACIONES', 'ULTIMO_WEBINAR', 'EN_VIVO');
CREATE TYPE "ResourceType" AS ENUM ('PDF', 'VIDEO', 'AUDIO', 'IMAGE', 'DOCUMENT', 'PRESENTATION', 'SPREADSHEET',
  'ARCHIVE', 'LINK', 'OTHER');
CREATE TYPE "EventType" AS ENUM ('LANZAMIENTO', 'WORKSHOP', 'WEBINAR', 'MASTERCLASS', 'MEETUP', 'CONFERENCE',
  'COURSE_LAUNCH', 'Q_A', 'NETWORKING');
CREATE TYPE "PriceType" AS ENUM ('ONE_TIME', 'RECURRING');
CREATE TYPE "BillingInterval" AS ENUM ('DAY', 'WEEK', 'MONTH', 'YEAR');
CREATE TYPE "PromotionType" AS ENUM ('PREMIUM_SUBSCRIPTION', 'NEW_COURSE', 'SPECIAL_OFFER');
CREATE TYPE "TargetAudience" AS ENUM ('ALL', 'FREE_USERS', 'PREMIUM_USERS', 'NEW_USERS');
CREATE TYPE "PromotionAction" AS ENUM ('VIEW', 'CLICK', 'DISMISS');
CREATE TYPE "MembershipLevel" AS ENUM ('FREE', 'PREMIUM');
CREATE TYPE "UserRole" AS ENUM ('USER', 'ADMIN');
CREATE TYPE "EnrollmentStatus" AS ENUM ('ACTIVE', 'COMPLETED', 'PAUSED', 'DROPPED');
CREATE TYPE "ProgressStatus" AS ENUM ('NOT_STARTED', 'IN_PROGRESS', 'COMPLETED', 'PAUSED');
CREATE TYPE "PaymentStatus" AS ENUM ('PENDING', 'SUCCEEDED', 'FAILED', 'REFUNDED');
CREATE TYPE "SubscriptionStatus" AS ENUM ('TRIALING', 'ACTIVE', 'PAST_DUE', 'CANCELED', 'UNPAID', 'INCOMPLETE');
CREATE TYPE "CommentType" AS ENUM ('COURSE', 'POST', 'GENERAL');
CREATE TYPE "RatingType" AS ENUM ('COURSE', 'POST');
CREATE TYPE "StreakBadgeLevel" AS ENUM ('PRINCIPIANTE', 'ESTUDIANTE', 'DEDICADO', 'EN_LLAMAS', 'IMPARABLE', 'MAESTRO',
  'LEYENDA');
CREATE TYPE "PointTransactionType" AS ENUM ('WEEKLY_GOAL', 'RECOVERY_SPENT', 'BONUS_EARNED', 'ACHIEVEMENT_REWARD');

-- ---------------------------------------------------------------------------------------------------------- tables

CREATE TABLE users (
  id text PRIMARY KEY,
  email text NOT NULL,
  "passwordHash" text,
  "firstName" text NOT NULL,
  "lastName" text NOT NULL,
  username text,
  "profileImage" text,
  bio text,
  "membershipLevel" "MembershipLevel" NOT NULL DEFAULT 'FREE',
  role "UserRole" NOT NULL DEFAULT 'USER',
  "isActive" boolean NOT NULL DEFAULT true,
  "emailVerified" boolean NOT NULL DEFAULT false,
  "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "updatedAt" timestamp(3) NOT NULL,
  "lastLogin" timestamp(3),
  "verificationCode" text,
  "stripeCustomerId" text,
  "verificationCodeExpires" timestamp(3),
  country text,
  "hasBeenPremium" boolean NOT NULL DEFAULT false
);

CREATE TABLE courses (
  id text PRIMARY KEY,
  title text NOT NULL,
  slug text NOT NULL,
  description text,
  "shortDescription" text,
  "imageUrl" text,
  price numeric(65,30) NOT NULL DEFAULT 0,
  "isFree" boolean NOT NULL DEFAULT true,
  "requiresAuth" boolean NOT NULL DEFAULT true,
  difficulty "Difficulty",
  "durationHours" integer,
  "lessonsCount" integer NOT NULL DEFAULT 0,
  "studentsCount" integer NOT NULL DEFAULT 0,
  rating numeric(65,30) NOT NULL DEFAULT 0,
  status "CourseStatus" NOT NULL DEFAULT 'DRAFT',
  "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "updatedAt" timestamp(3) NOT NULL,
  "instructorId" text,
  category "CourseCategory" NOT NULL,
  meta jsonb
);

CREATE TABLE lessons (
  id text PRIMARY KEY,
  title text NOT NULL,
  content text,
  "videoUrl" text,
  duration integer,
  "order" integer NOT NULL,
  "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "updatedAt" timestamp(3) NOT NULL,
  "courseId" text NOT NULL
);

CREATE TABLE resources (
  id text PRIMARY KEY,
  title text NOT NULL,
  slug text NOT NULL,
  description text,
  "shortDescription" text,
  "imageUrl" text,
  category "ResourceCategory" NOT NULL,
  type "ResourceType" NOT NULL,
  author text,
  "fileUrl" text,
  "requiresAuth" boolean NOT NULL DEFAULT true,
  "isFree" boolean NOT NULL DEFAULT true,
  rating numeric(65,30) NOT NULL DEFAULT 0,
  "downloadsCount" integer NOT NULL DEFAULT 0,
  status "ResourceStatus" NOT NULL DEFAULT 'DRAFT',
  "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "updatedAt" timestamp(3) NOT NULL
);

CREATE TABLE events (
  id text PRIMARY KEY,
  title text NOT NULL,
  description text,
  type "EventType" NOT NULL,
  "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "updatedAt" timestamp(3) NOT NULL,
  "currentCapacity" integer NOT NULL DEFAULT 0,
  "endDate" timestamp(3),
  "isFree" boolean NOT NULL DEFAULT true,
  location text,
  "maxCapacity" integer,
  price numeric(65,30) NOT NULL DEFAULT 0,
  "startDate" timestamp(3),
  status text NOT NULL DEFAULT 'UPCOMING'
);

CREATE TABLE promotions (
  id text PRIMARY KEY,
  type "PromotionType" NOT NULL,
  title text NOT NULL,
  description text,
  "ctaText" text NOT NULL,
  "ctaUrl" text NOT NULL,
  "imageUrl" text,
  "isActive" boolean NOT NULL DEFAULT true,
  "startDate" timestamp(3),
  "endDate" timestamp(3),
  priority integer NOT NULL DEFAULT 5,
  "targetAudience" "TargetAudience" NOT NULL DEFAULT 'ALL',
  "maxImpressions" integer,
  "currentImpressions" integer NOT NULL DEFAULT 0,
  "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "updatedAt" timestamp(3) NOT NULL
);

CREATE TABLE products (
  id text PRIMARY KEY,
  "stripeProductId" text NOT NULL,
  name text NOT NULL,
  description text,
  active boolean NOT NULL DEFAULT true,
  metadata jsonb,
  "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "updatedAt" timestamp(3) NOT NULL
);

CREATE TABLE prices (
  id text PRIMARY KEY,
  "stripePriceId" text NOT NULL,
  active boolean NOT NULL DEFAULT true,
  currency text NOT NULL DEFAULT 'usd',
  type "PriceType" NOT NULL,
  "unitAmount" integer,
  "interval" "BillingInterval",
  "intervalCount" integer,
  "trialPeriodDays" integer,
  metadata jsonb,
  "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "updatedAt" timestamp(3) NOT NULL,
  "productId" text NOT NULL
);

CREATE TABLE sessions (
  id text PRIMARY KEY,
  token text NOT NULL,
  "expiresAt" timestamp(3) NOT NULL,
  "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "userId" text NOT NULL
);

CREATE TABLE enrollments (
  id text PRIMARY KEY,
  "enrolledAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "completedAt" timestamp(3),
  "progressPercentage" numeric(65,30) NOT NULL DEFAULT 0,
  status "EnrollmentStatus" NOT NULL DEFAULT 'ACTIVE',
  "userId" text NOT NULL,
  "courseId" text NOT NULL
);

CREATE TABLE course_progress (
  id text PRIMARY KEY,
  "enrollmentId" text NOT NULL,
  "currentLesson" integer NOT NULL DEFAULT 1,
  "completedLessons" text[] DEFAULT ARRAY[]::text[],
  "progressPercentage" numeric(65,30) NOT NULL DEFAULT 0,
  "lastAccessed" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "startedAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "completedAt" timestamp(3),
  "totalTimeSpent" integer NOT NULL DEFAULT 0,
  "totalSessions" integer NOT NULL DEFAULT 0,
  "averageSessionTime" integer NOT NULL DEFAULT 0,
  "longestSession" integer NOT NULL DEFAULT 0,
  status "ProgressStatus" NOT NULL DEFAULT 'NOT_STARTED',
  "courseSpecificData" jsonb
);

CREATE TABLE lesson_progress (
  id text PRIMARY KEY,
  "courseProgressId" text NOT NULL,
  "lessonNumber" integer NOT NULL,
  "lessonTitle" text NOT NULL,
  "isCompleted" boolean NOT NULL DEFAULT false,
  "completedAt" timestamp(3),
  "timeSpent" integer NOT NULL DEFAULT 0,
  "firstAccessed" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "lastAccessed" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "accessCount" integer NOT NULL DEFAULT 1,
  "completionAttempts" integer NOT NULL DEFAULT 0,
  "userNotes" text,
  "lessonSpecificData" jsonb
);

CREATE TABLE subscriptions (
  id text PRIMARY KEY,
  "stripeSubscriptionId" text NOT NULL,
  status "SubscriptionStatus" NOT NULL,
  "currentPeriodStart" timestamp(3) NOT NULL,
  "currentPeriodEnd" timestamp(3) NOT NULL,
  "cancelAtPeriodEnd" boolean NOT NULL DEFAULT false,
  "canceledAt" timestamp(3),
  "endedAt" timestamp(3),
  "trialStart" timestamp(3),
  "trialEnd" timestamp(3),
  metadata jsonb,
  "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "updatedAt" timestamp(3) NOT NULL,
  "userId" text NOT NULL,
  "priceId" text NOT NULL
);

CREATE TABLE payments (
  id text PRIMARY KEY,
  "stripePaymentId" text NOT NULL,
  amount integer NOT NULL,
  currency text NOT NULL DEFAULT 'usd',
  status "PaymentStatus" NOT NULL,
  "paymentMethod" text,
  description text,
  metadata jsonb,
  "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "updatedAt" timestamp(3) NOT NULL,
  "userId" text NOT NULL,
  "courseId" text,
  "subscriptionId" text
);

CREATE TABLE user_streaks (
  id text PRIMARY KEY,
  "userId" text NOT NULL,
  "weekStartDate" timestamp(3) NOT NULL,
  "currentWeekLessons" integer NOT NULL DEFAULT 0,
  "currentStreak" integer NOT NULL DEFAULT 0,
  "longestStreak" integer NOT NULL DEFAULT 0,
  "totalPoints" integer NOT NULL DEFAULT 0,
  "lifetimePointsEarned" integer NOT NULL DEFAULT 0,
  "isCurrentWeekComplete" boolean NOT NULL DEFAULT false,
  "lastLessonCompletedAt" timestamp(3),
  "pointsSpentOnRecovery" integer NOT NULL DEFAULT 0,
  "recoveryCount" integer NOT NULL DEFAULT 0,
  "lastRecoveryUsed" timestamp(3),
  "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "updatedAt" timestamp(3) NOT NULL
);

CREATE TABLE user_streak_badges (
  id text PRIMARY KEY,
  "userId" text NOT NULL,
  "badgeLevel" "StreakBadgeLevel" NOT NULL,
  "streakWhenEarned" integer NOT NULL,
  "isActive" boolean NOT NULL DEFAULT true,
  "earnedAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE user_points_history (
  id text PRIMARY KEY,
  "userId" text NOT NULL,
  "pointsEarned" integer NOT NULL,
  "transactionType" "PointTransactionType" NOT NULL,
  reason text NOT NULL,
  "weekStart" timestamp(3),
  "lessonsCompleted" integer,
  "coursesUsed" integer,
  "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE weekly_lesson_completions (
  id text PRIMARY KEY,
  "userId" text NOT NULL,
  "weekStart" timestamp(3) NOT NULL,
  "courseId" text NOT NULL, -- no foreign key in the real database either
  "lessonsCompletedInWeek" integer NOT NULL DEFAULT 0,
  "lastLessonAt" timestamp(3),
  "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "updatedAt" timestamp(3) NOT NULL
);

CREATE TABLE streak_recovery_history (
  id text PRIMARY KEY,
  "userId" text NOT NULL,
  "pointsSpent" integer NOT NULL,
  "badgeLevel" "StreakBadgeLevel" NOT NULL,
  "recoveryReason" text,
  "originalStreakLost" integer NOT NULL,
  "weekMissed" timestamp(3) NOT NULL,
  "recoveredAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE user_behaviors (
  id text PRIMARY KEY,
  "userId" text NOT NULL,
  action text NOT NULL,
  "targetId" text,
  "targetType" text,
  metadata jsonb,
  "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE recommendations (
  id text PRIMARY KEY,
  "userId" text NOT NULL,
  target_id text NOT NULL,
  target_type text NOT NULL,
  score double precision NOT NULL,
  reason text NOT NULL,
  is_viewed boolean NOT NULL DEFAULT false,
  is_clicked boolean NOT NULL DEFAULT false,
  created_at timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  expires_at timestamp(3)
);

CREATE TABLE achievements (
  id text PRIMARY KEY,
  "userId" text NOT NULL,
  type text NOT NULL,
  title text NOT NULL,
  description text NOT NULL,
  points integer NOT NULL DEFAULT 0,
  badge text,
  metadata jsonb,
  created_at timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE community_posts (
  id text PRIMARY KEY,
  title text NOT NULL,
  content text NOT NULL,
  category text,
  "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "updatedAt" timestamp(3) NOT NULL,
  "userId" text NOT NULL
);

CREATE TABLE comments (
  id text PRIMARY KEY,
  content text NOT NULL,
  type "CommentType" NOT NULL,
  "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "updatedAt" timestamp(3) NOT NULL,
  "userId" text NOT NULL,
  "courseId" text,
  "parentId" text,
  "postId" text
);

CREATE TABLE likes (
  id text PRIMARY KEY,
  "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "userId" text NOT NULL,
  "commentId" text,
  "postId" text
);

CREATE TABLE ratings (
  id text PRIMARY KEY,
  rating integer NOT NULL,
  type "RatingType" NOT NULL,
  "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "updatedAt" timestamp(3) NOT NULL,
  "userId" text NOT NULL,
  "courseId" text,
  "postId" text
);

CREATE TABLE event_registrations (
  id text PRIMARY KEY,
  "userId" text NOT NULL,
  "eventId" text NOT NULL,
  "registeredAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE promotion_interactions (
  id text PRIMARY KEY,
  "promotionId" text NOT NULL,
  "userId" text,
  action "PromotionAction" NOT NULL,
  "sessionId" text NOT NULL,
  "pageUrl" text,
  referrer text,
  "userAgent" text,
  "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "ipAddress" text
);

CREATE TABLE resource_access_logs (
  id text PRIMARY KEY,
  "userId" text NOT NULL,
  "resourceId" text NOT NULL,
  "accessedAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE security_logs (
  id text PRIMARY KEY,
  event text NOT NULL,
  details jsonb,
  "ipAddress" text,
  "userAgent" text,
  "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "userId" text
);

CREATE TABLE user_preferences (
  id text PRIMARY KEY,
  "userId" text NOT NULL,
  interests text[],
  "skillLevel" text,
  "learningGoals" text[],
  "preferredTopics" text[],
  "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "updatedAt" timestamp(3) NOT NULL,
  badge_customization jsonb,
  notification_preferences jsonb,
  privacy_settings jsonb
);

CREATE TABLE resource_topics (
  id text PRIMARY KEY,
  title text NOT NULL,
  description text,
  "order" integer NOT NULL DEFAULT 0,
  "resourceId" text NOT NULL
);

CREATE TABLE webinars (
  id text PRIMARY KEY,
  title text NOT NULL,
  description text,
  "startsAt" timestamp(3) NOT NULL,
  "joinUrl" text,
  "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "updatedAt" timestamp(3) NOT NULL
);

CREATE TABLE webinar_registrations (
  id text PRIMARY KEY,
  "webinarId" text NOT NULL,
  "firstName" text NOT NULL,
  "lastName" text NOT NULL,
  email text NOT NULL,
  phone text,
  "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE _prisma_migrations (
  id character varying(36) PRIMARY KEY,
  checksum character varying(64) NOT NULL,
  finished_at timestamp with time zone,
  migration_name character varying(255) NOT NULL,
  logs text,
  rolled_back_at timestamp with time zone,
  started_at timestamp with time zone NOT NULL DEFAULT now(),
  applied_steps_count integer NOT NULL DEFAULT 0
);

-- ------------------------------------------------------------------------------------------------------ unique keys

CREATE UNIQUE INDEX users_email_key ON users (email);
CREATE UNIQUE INDEX users_username_key ON users (username);
CREATE UNIQUE INDEX "users_stripeCustomerId_key" ON users ("stripeCustomerId");
CREATE UNIQUE INDEX courses_slug_key ON courses (slug);
CREATE UNIQUE INDEX resources_slug_key ON resources (slug);
CREATE UNIQUE INDEX "products_stripeProductId_key" ON products ("stripeProductId");
CREATE UNIQUE INDEX "prices_stripePriceId_key" ON prices ("stripePriceId");
CREATE UNIQUE INDEX sessions_token_key ON sessions (token);
CREATE UNIQUE INDEX "enrollments_userId_courseId_key" ON enrollments ("userId", "courseId");
CREATE UNIQUE INDEX "course_progress_enrollmentId_key" ON course_progress ("enrollmentId");
CREATE UNIQUE INDEX "lesson_progress_courseProgressId_lessonNumber_key"
  ON lesson_progress ("courseProgressId", "lessonNumber");
CREATE UNIQUE INDEX "payments_stripePaymentId_key" ON payments ("stripePaymentId");
CREATE UNIQUE INDEX "subscriptions_stripeSubscriptionId_key" ON subscriptions ("stripeSubscriptionId");
CREATE UNIQUE INDEX "user_streaks_userId_weekStartDate_key" ON user_streaks ("userId", "weekStartDate");
CREATE UNIQUE INDEX "user_streak_badges_userId_badgeLevel_key" ON user_streak_badges ("userId", "badgeLevel");
CREATE UNIQUE INDEX "weekly_lesson_completions_userId_weekStart_courseId_key"
  ON weekly_lesson_completions ("userId", "weekStart", "courseId");
CREATE UNIQUE INDEX "likes_userId_commentId_postId_key" ON likes ("userId", "commentId", "postId");
CREATE UNIQUE INDEX "event_registrations_userId_eventId_key" ON event_registrations ("userId", "eventId");
CREATE UNIQUE INDEX "user_preferences_userId_key" ON user_preferences ("userId");
CREATE UNIQUE INDEX "resource_topics_resourceId_title_key" ON resource_topics ("resourceId", title);

-- --------------------------------------------------------------------------------- indexes on the referencing columns
-- (where a unique key above does not begin with the column already)

CREATE INDEX "courses_instructorId_idx" ON courses ("instructorId");
CREATE INDEX "lessons_courseId_idx" ON lessons ("courseId");
CREATE INDEX "prices_productId_idx" ON prices ("productId");
CREATE INDEX "sessions_userId_idx" ON sessions ("userId");
CREATE INDEX "enrollments_courseId_idx" ON enrollments ("courseId");
CREATE INDEX "subscriptions_userId_idx" ON subscriptions ("userId");
CREATE INDEX "subscriptions_priceId_idx" ON subscriptions ("priceId");
CREATE INDEX "payments_userId_idx" ON payments ("userId");
CREATE INDEX "payments_courseId_idx" ON payments ("courseId");
CREATE INDEX "payments_subscriptionId_idx" ON payments ("subscriptionId");
CREATE INDEX "user_points_history_userId_idx" ON user_points_history ("userId");
CREATE INDEX "streak_recovery_history_userId_idx" ON streak_recovery_history ("userId");
CREATE INDEX "user_behaviors_userId_idx" ON user_behaviors ("userId");
CREATE INDEX "recommendations_userId_idx" ON recommendations ("userId");
CREATE INDEX "achievements_userId_idx" ON achievements ("userId");
CREATE INDEX "community_posts_userId_idx" ON community_posts ("userId");
CREATE INDEX "comments_userId_idx" ON comments ("userId");
CREATE INDEX "comments_courseId_idx" ON comments ("courseId");
CREATE INDEX "comments_parentId_idx" ON comments ("parentId");
CREATE INDEX "comments_postId_idx" ON comments ("postId");
CREATE INDEX "likes_commentId_idx" ON likes ("commentId");
CREATE INDEX "likes_postId_idx" ON likes ("postId");
CREATE INDEX "ratings_userId_idx" ON ratings ("userId");
CREATE INDEX "ratings_courseId_idx" ON ratings ("courseId");
CREATE INDEX "ratings_postId_idx" ON ratings ("postId");
CREATE INDEX "event_registrations_eventId_idx" ON event_registrations ("eventId");
CREATE INDEX "promotion_interactions_promotionId_idx" ON promotion_interactions ("promotionId");
CREATE INDEX "promotion_interactions_userId_idx" ON promotion_interactions ("userId");
CREATE INDEX "resource_access_logs_userId_idx" ON resource_access_logs ("userId");
CREATE INDEX "resource_access_logs_resourceId_idx" ON resource_access_logs ("resourceId");
CREATE INDEX "security_logs_userId_idx" ON security_logs ("userId");
CREATE INDEX "webinar_registrations_webinarId_idx" ON webinar_registrations ("webinarId");

-- ----------------------------------------------------------------------------------------------------- foreign keys

ALTER TABLE courses ADD CONSTRAINT "courses_instructorId_fkey" FOREIGN KEY ("instructorId") REFERENCES users (id)
  ON UPDATE CASCADE ON DELETE SET NULL;
ALTER TABLE lessons ADD CONSTRAINT "lessons_courseId_fkey" FOREIGN KEY ("courseId") REFERENCES courses (id)
  ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE prices ADD CONSTRAINT "prices_productId_fkey" FOREIGN KEY ("productId") REFERENCES products (id)
  ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE sessions ADD CONSTRAINT "sessions_userId_fkey" FOREIGN KEY ("userId") REFERENCES users (id)
  ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE enrollments ADD CONSTRAINT "enrollments_userId_fkey" FOREIGN KEY ("userId") REFERENCES users (id)
  ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE enrollments ADD CONSTRAINT "enrollments_courseId_fkey" FOREIGN KEY ("courseId") REFERENCES courses (id)
  ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE course_progress ADD CONSTRAINT "course_progress_enrollmentId_fkey" FOREIGN KEY ("enrollmentId")
  REFERENCES enrollments (id)
  ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE lesson_progress ADD CONSTRAINT "lesson_progress_courseProgressId_fkey" FOREIGN KEY ("courseProgressId")
  REFERENCES course_progress (id)
  ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE subscriptions ADD CONSTRAINT "subscriptions_userId_fkey" FOREIGN KEY ("userId") REFERENCES users (id)
  ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE subscriptions ADD CONSTRAINT "subscriptions_priceId_fkey" FOREIGN KEY ("priceId") REFERENCES prices (id)
  ON UPDATE CASCADE ON DELETE RESTRICT;
ALTER TABLE payments ADD CONSTRAINT "payments_userId_fkey" FOREIGN KEY ("userId") REFERENCES users (id)
  ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE payments ADD CONSTRAINT "payments_courseId_fkey" FOREIGN KEY ("courseId") REFERENCES courses (id)
  ON UPDATE CASCADE ON DELETE SET NULL;
ALTER TABLE payments ADD CONSTRAINT "payments_subscriptionId_fkey" FOREIGN KEY ("subscriptionId")
  REFERENCES subscriptions (id)
  ON UPDATE CASCADE ON DELETE SET NULL;
ALTER TABLE user_streaks ADD CONSTRAINT "user_streaks_userId_fkey" FOREIGN KEY ("userId") REFERENCES users (id)
  ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE user_streak_badges ADD CONSTRAINT "user_streak_badges_userId_fkey" FOREIGN KEY ("userId")
  REFERENCES users (id)
  ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE user_points_history ADD CONSTRAINT "user_points_history_userId_fkey" FOREIGN KEY ("userId")
  REFERENCES users (id)
  ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE weekly_lesson_completions ADD CONSTRAINT "weekly_lesson_completions_userId_fkey" FOREIGN KEY ("userId")
  REFERENCES users (id)
  ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE streak_recovery_history ADD CONSTRAINT "streak_recovery_history_userId_fkey" FOREIGN KEY ("userId")
  REFERENCES users (id)
  ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE user_behaviors ADD CONSTRAINT "user_behaviors_userId_fkey" FOREIGN KEY ("userId") REFERENCES users (id)
  ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE recommendations ADD CONSTRAINT "recommendations_userId_fkey" FOREIGN KEY ("userId") REFERENCES users (id)
  ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE achievements ADD CONSTRAINT "achievements_userId_fkey" FOREIGN KEY ("userId") REFERENCES users (id)
  ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE community_posts ADD CONSTRAINT "community_posts_userId_fkey" FOREIGN KEY ("userId") REFERENCES users (id)
  ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE comments ADD CONSTRAINT "comments_userId_fkey" FOREIGN KEY ("userId") REFERENCES users (id)
  ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE comments ADD CONSTRAINT "comments_courseId_fkey" FOREIGN KEY ("courseId") REFERENCES courses (id)
  ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE comments ADD CONSTRAINT "comments_postId_fkey" FOREIGN KEY ("postId") REFERENCES community_posts (id)
  ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE comments ADD CONSTRAINT "comments_parentId_fkey" FOREIGN KEY ("parentId") REFERENCES comments (id)
  ON UPDATE CASCADE ON DELETE SET NULL;
ALTER TABLE likes ADD CONSTRAINT "likes_userId_fkey" FOREIGN KEY ("userId") REFERENCES users (id)
  ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE likes ADD CONSTRAINT "likes_commentId_fkey" FOREIGN KEY ("commentId") REFERENCES comments (id)
  ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE likes ADD CONSTRAINT "likes_postId_fkey" FOREIGN KEY ("postId") REFERENCES community_posts (id)
  ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE ratings ADD CONSTRAINT "ratings_userId_fkey" FOREIGN KEY ("userId") REFERENCES users (id)
  ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE ratings ADD CONSTRAINT "ratings_courseId_fkey" FOREIGN KEY ("courseId") REFERENCES courses (id)
  ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE ratings ADD CONSTRAINT "ratings_postId_fkey" FOREIGN KEY ("postId") REFERENCES community_posts (id)
  ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE event_registrations ADD CONSTRAINT "event_registrations_userId_fkey" FOREIGN KEY ("userId")
  REFERENCES users (id)
  ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE event_registrations ADD CONSTRAINT "event_registrations_eventId_fkey" FOREIGN KEY ("eventId")
  REFERENCES events (id)
  ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE promotion_interactions ADD CONSTRAINT "promotion_interactions_promotionId_fkey" FOREIGN KEY ("promotionId")
  REFERENCES promotions (id)
  ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE promotion_interactions ADD CONSTRAINT "promotion_interactions_userId_fkey" FOREIGN KEY ("userId")
  REFERENCES users (id)
  ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE resource_access_logs ADD CONSTRAINT "resource_access_logs_userId_fkey" FOREIGN KEY ("userId")
  REFERENCES users (id)
  ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE resource_access_logs ADD CONSTRAINT "resource_access_logs_resourceId_fkey" FOREIGN KEY ("resourceId")
  REFERENCES resources (id)
  ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE security_logs ADD CONSTRAINT "security_logs_userId_fkey" FOREIGN KEY ("userId") REFERENCES users (id)
  ON UPDATE CASCADE ON DELETE SET NULL;
ALTER TABLE user_preferences ADD CONSTRAINT "user_preferences_userId_fkey" FOREIGN KEY ("userId") REFERENCES users (id)
  ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE resource_topics ADD CONSTRAINT "resource_topics_resourceId_fkey" FOREIGN KEY ("resourceId")
  REFERENCES resources (id)
  ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE webinar_registrations ADD CONSTRAINT "webinar_registrations_webinarId_fkey" FOREIGN KEY ("webinarId")
  REFERENCES webinars (id)
  ON UPDATE CASCADE ON DELETE CASCADE;

-- ------------------------------------------------------------------------------------------------------- privileges

GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO academy_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO academy_app;

COMMIT;
