CREATE TABLE "gallery_post_subjects" (
	"subject_id" uuid NOT NULL,
	"post_id" uuid NOT NULL,
	"guild_id" text NOT NULL,
	"allowed_at" timestamp with time zone,
	CONSTRAINT "gallery_post_subjects_post_id_subject_id_pk" PRIMARY KEY("post_id","subject_id")
);
--> statement-breakpoint
CREATE TABLE "gallery_votes" (
	"post_id" uuid NOT NULL,
	"user_id" text NOT NULL,
	"by_button" boolean DEFAULT false NOT NULL,
	"by_reaction" boolean DEFAULT false NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "gallery_votes_post_id_user_id_pk" PRIMARY KEY("post_id","user_id")
);
--> statement-breakpoint
CREATE TABLE "reports" (
	"id" uuid PRIMARY KEY NOT NULL,
	"guild_id" text NOT NULL,
	"post_id" uuid,
	"channel_id" text,
	"message_id" text,
	"rendition_id" uuid,
	"reporter_id" text NOT NULL,
	"status" text DEFAULT 'open' NOT NULL,
	"decided_by" text,
	"decided_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "reports_post_unique" UNIQUE("post_id"),
	CONSTRAINT "reports_message_unique" UNIQUE("message_id")
);
--> statement-breakpoint
ALTER TABLE "gallery_posts" DROP CONSTRAINT "gallery_posts_subject_id_subjects_id_fk";
--> statement-breakpoint
DROP INDEX "gallery_posts_subject";--> statement-breakpoint
DROP INDEX "gallery_posts_guild_page";--> statement-breakpoint
DROP INDEX "gallery_posts_author_page";--> statement-breakpoint
ALTER TABLE "outbox_deliveries" ALTER COLUMN "payload" DROP NOT NULL;--> statement-breakpoint
-- What was there before is published, unless the statements at the end say that it was withdrawn.
ALTER TABLE "gallery_posts" ADD COLUMN "status" text DEFAULT 'published' NOT NULL;--> statement-breakpoint
ALTER TABLE "gallery_posts" ALTER COLUMN "status" DROP DEFAULT;--> statement-breakpoint
ALTER TABLE "gallery_posts" ADD COLUMN "style" text;--> statement-breakpoint
ALTER TABLE "gallery_posts" ADD COLUMN "vote_count" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "gallery_posts" ADD COLUMN "published_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "gallery_posts" ADD COLUMN "published_day" integer;--> statement-breakpoint
ALTER TABLE "gallery_posts" ADD COLUMN "hall_of_fame_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "outbox_deliveries" ADD COLUMN "failures" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "gallery_post_subjects" ADD CONSTRAINT "gallery_post_subjects_subject_id_subjects_id_fk" FOREIGN KEY ("subject_id") REFERENCES "public"."subjects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "gallery_post_subjects" ADD CONSTRAINT "gallery_post_subjects_post_id_gallery_posts_id_fk" FOREIGN KEY ("post_id") REFERENCES "public"."gallery_posts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "gallery_votes" ADD CONSTRAINT "gallery_votes_post_id_gallery_posts_id_fk" FOREIGN KEY ("post_id") REFERENCES "public"."gallery_posts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "reports" ADD CONSTRAINT "reports_guild_id_guilds_id_fk" FOREIGN KEY ("guild_id") REFERENCES "public"."guilds"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "reports" ADD CONSTRAINT "reports_post_id_gallery_posts_id_fk" FOREIGN KEY ("post_id") REFERENCES "public"."gallery_posts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "reports" ADD CONSTRAINT "reports_rendition_id_renditions_id_fk" FOREIGN KEY ("rendition_id") REFERENCES "public"."renditions"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "gallery_post_subjects_page" ON "gallery_post_subjects" USING btree ("subject_id","guild_id","post_id");--> statement-breakpoint
CREATE INDEX "gallery_posts_style_page" ON "gallery_posts" USING btree ("guild_id","style","id") WHERE "gallery_posts"."status" = 'published';--> statement-breakpoint
CREATE INDEX "gallery_posts_author_top" ON "gallery_posts" USING btree ("guild_id","author_id","vote_count","id") WHERE "gallery_posts"."status" = 'published';--> statement-breakpoint
CREATE INDEX "gallery_posts_author_top_of_day" ON "gallery_posts" USING btree ("guild_id","author_id","published_day","vote_count","id") WHERE "gallery_posts"."status" = 'published';--> statement-breakpoint
CREATE INDEX "gallery_posts_top" ON "gallery_posts" USING btree ("guild_id","vote_count","id") WHERE "gallery_posts"."status" = 'published';--> statement-breakpoint
CREATE INDEX "gallery_posts_style_top" ON "gallery_posts" USING btree ("guild_id","style","vote_count","id") WHERE "gallery_posts"."status" = 'published';--> statement-breakpoint
CREATE INDEX "gallery_posts_top_of_day" ON "gallery_posts" USING btree ("guild_id","published_day","vote_count","id") WHERE "gallery_posts"."status" = 'published';--> statement-breakpoint
CREATE INDEX "gallery_posts_style_top_of_day" ON "gallery_posts" USING btree ("guild_id","style","published_day","vote_count","id") WHERE "gallery_posts"."status" = 'published';--> statement-breakpoint
CREATE INDEX "gallery_posts_hall_of_fame" ON "gallery_posts" USING btree ("guild_id","id") WHERE "gallery_posts"."status" = 'published' and "gallery_posts"."hall_of_fame_at" is not null;--> statement-breakpoint
CREATE INDEX "gallery_posts_message" ON "gallery_posts" USING btree ("message_id") WHERE "gallery_posts"."message_id" is not null;--> statement-breakpoint
CREATE INDEX "outbox_deliveries_message" ON "outbox_deliveries" USING btree ("message_id") WHERE "outbox_deliveries"."message_id" is not null;--> statement-breakpoint
CREATE INDEX "gallery_posts_guild_page" ON "gallery_posts" USING btree ("guild_id","id") WHERE "gallery_posts"."status" = 'published';--> statement-breakpoint
CREATE INDEX "gallery_posts_author_page" ON "gallery_posts" USING btree ("guild_id","author_id","id");--> statement-breakpoint
UPDATE "gallery_posts" SET "status" = CASE WHEN "unpublished_at" IS NULL THEN 'published' ELSE 'withdrawn' END, "published_at" = "created_at", "published_day" = floor(extract(epoch from "created_at") / 86400)::int;--> statement-breakpoint
INSERT INTO "gallery_post_subjects" ("subject_id", "post_id", "guild_id", "allowed_at") SELECT "rendition_subjects"."subject_id", "gallery_posts"."id", "gallery_posts"."guild_id", "gallery_posts"."created_at" FROM "gallery_posts" INNER JOIN "rendition_subjects" ON "rendition_subjects"."rendition_id" = "gallery_posts"."rendition_id";--> statement-breakpoint
ALTER TABLE "gallery_posts" DROP COLUMN "subject_id";--> statement-breakpoint
ALTER TABLE "gallery_posts" DROP COLUMN "unpublished_at";