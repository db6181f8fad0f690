CREATE TABLE "artifacts" (
	"id" uuid PRIMARY KEY NOT NULL,
	"run_id" uuid NOT NULL,
	"subject_id" uuid NOT NULL,
	"method" text NOT NULL,
	"base_checkpoint_hash" text NOT NULL,
	"identifier" text NOT NULL,
	"storage_file_id" text NOT NULL,
	"size_bytes" bigint NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "class_image_sets" (
	"id" uuid PRIMARY KEY NOT NULL,
	"checkpoint_hash" text NOT NULL,
	"class_noun" text NOT NULL,
	"sampler" text NOT NULL,
	"steps" integer NOT NULL,
	"guidance" real NOT NULL,
	"size" integer NOT NULL,
	"seed" bigint NOT NULL,
	"count" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "class_image_sets_key_unique" UNIQUE("checkpoint_hash","class_noun","sampler","steps","guidance","size","seed")
);
--> statement-breakpoint
CREATE TABLE "gallery_posts" (
	"id" uuid PRIMARY KEY NOT NULL,
	"rendition_id" uuid NOT NULL,
	"picture_index" integer NOT NULL,
	"guild_id" text NOT NULL,
	"author_id" text NOT NULL,
	"subject_id" uuid,
	"channel_id" text,
	"message_id" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"unpublished_at" timestamp with time zone,
	CONSTRAINT "gallery_posts_picture_unique" UNIQUE("rendition_id","picture_index")
);
--> statement-breakpoint
CREATE TABLE "guilds" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "outbox_deliveries" (
	"id" uuid PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"ref_id" uuid NOT NULL,
	"channel_id" text NOT NULL,
	"user_id" text NOT NULL,
	"payload" jsonb NOT NULL,
	"status" text DEFAULT 'pending' NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"next_attempt_at" timestamp with time zone DEFAULT now() NOT NULL,
	"claimed_until" timestamp with time zone,
	"nonce" text NOT NULL,
	"message_id" text,
	"last_error_code" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"delivered_at" timestamp with time zone,
	CONSTRAINT "outbox_deliveries_nonce_unique" UNIQUE("nonce"),
	CONSTRAINT "outbox_deliveries_ref_unique" UNIQUE("kind","ref_id")
);
--> statement-breakpoint
CREATE TABLE "photos" (
	"id" uuid PRIMARY KEY NOT NULL,
	"subject_id" uuid NOT NULL,
	"position" integer NOT NULL,
	"storage_file_id" text NOT NULL,
	"width" integer NOT NULL,
	"height" integer NOT NULL,
	"size_bytes" integer NOT NULL,
	"sha256" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "photos_subject_position_unique" UNIQUE("subject_id","position")
);
--> statement-breakpoint
CREATE TABLE "renditions" (
	"id" uuid PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"subject_id" uuid,
	"artifact_id" uuid,
	"guild_id" text,
	"channel_id" text NOT NULL,
	"interaction_id" text NOT NULL,
	"prompt" text NOT NULL,
	"resolved_prompt" text NOT NULL,
	"seed" bigint NOT NULL,
	"count" integer NOT NULL,
	"settings" jsonb NOT NULL,
	"status" text DEFAULT 'queued' NOT NULL,
	"attempt" integer DEFAULT 0 NOT NULL,
	"cancel_requested" boolean DEFAULT false NOT NULL,
	"progress" jsonb,
	"failure_code" text,
	"result_file_ids" jsonb,
	"progress_message_id" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp with time zone,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"finished_at" timestamp with time zone,
	CONSTRAINT "renditions_interaction_unique" UNIQUE("interaction_id")
);
--> statement-breakpoint
CREATE TABLE "subjects" (
	"id" uuid PRIMARY KEY NOT NULL,
	"owner_id" text NOT NULL,
	"guild_id" text,
	"name" text NOT NULL,
	"name_key" text NOT NULL,
	"class_noun" text NOT NULL,
	"identifier" text,
	"base_checkpoint_hash" text,
	"current_artifact_id" uuid,
	"status" text DEFAULT 'training' NOT NULL,
	"visibility" text DEFAULT 'private' NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "training_runs" (
	"id" uuid PRIMARY KEY NOT NULL,
	"subject_id" uuid NOT NULL,
	"user_id" text NOT NULL,
	"guild_id" text,
	"channel_id" text NOT NULL,
	"interaction_id" text NOT NULL,
	"status" text DEFAULT 'queued' NOT NULL,
	"attempt" integer DEFAULT 0 NOT NULL,
	"cancel_requested" boolean DEFAULT false NOT NULL,
	"settings" jsonb NOT NULL,
	"progress" jsonb,
	"failure_code" text,
	"progress_message_id" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp with time zone,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"finished_at" timestamp with time zone,
	CONSTRAINT "training_runs_interaction_unique" UNIQUE("interaction_id")
);
--> statement-breakpoint
CREATE TABLE "users" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text,
	"wrapped_data_key" "bytea",
	"data_key_id" text,
	"default_subject_id" uuid,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "artifacts" ADD CONSTRAINT "artifacts_run_id_training_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."training_runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "artifacts" ADD CONSTRAINT "artifacts_subject_id_subjects_id_fk" FOREIGN KEY ("subject_id") REFERENCES "public"."subjects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "gallery_posts" ADD CONSTRAINT "gallery_posts_rendition_id_renditions_id_fk" FOREIGN KEY ("rendition_id") REFERENCES "public"."renditions"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "gallery_posts" ADD CONSTRAINT "gallery_posts_guild_id_guilds_id_fk" FOREIGN KEY ("guild_id") REFERENCES "public"."guilds"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "gallery_posts" ADD CONSTRAINT "gallery_posts_author_id_users_id_fk" FOREIGN KEY ("author_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "gallery_posts" ADD CONSTRAINT "gallery_posts_subject_id_subjects_id_fk" FOREIGN KEY ("subject_id") REFERENCES "public"."subjects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "photos" ADD CONSTRAINT "photos_subject_id_subjects_id_fk" FOREIGN KEY ("subject_id") REFERENCES "public"."subjects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "renditions" ADD CONSTRAINT "renditions_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "renditions" ADD CONSTRAINT "renditions_subject_id_subjects_id_fk" FOREIGN KEY ("subject_id") REFERENCES "public"."subjects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "renditions" ADD CONSTRAINT "renditions_artifact_id_artifacts_id_fk" FOREIGN KEY ("artifact_id") REFERENCES "public"."artifacts"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "renditions" ADD CONSTRAINT "renditions_guild_id_guilds_id_fk" FOREIGN KEY ("guild_id") REFERENCES "public"."guilds"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "subjects" ADD CONSTRAINT "subjects_owner_id_users_id_fk" FOREIGN KEY ("owner_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "subjects" ADD CONSTRAINT "subjects_guild_id_guilds_id_fk" FOREIGN KEY ("guild_id") REFERENCES "public"."guilds"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "training_runs" ADD CONSTRAINT "training_runs_subject_id_subjects_id_fk" FOREIGN KEY ("subject_id") REFERENCES "public"."subjects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "training_runs" ADD CONSTRAINT "training_runs_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "training_runs" ADD CONSTRAINT "training_runs_guild_id_guilds_id_fk" FOREIGN KEY ("guild_id") REFERENCES "public"."guilds"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "artifacts_subject" ON "artifacts" USING btree ("subject_id");--> statement-breakpoint
CREATE INDEX "artifacts_run" ON "artifacts" USING btree ("run_id");--> statement-breakpoint
CREATE INDEX "gallery_posts_guild_page" ON "gallery_posts" USING btree ("guild_id","id") WHERE "gallery_posts"."unpublished_at" is null;--> statement-breakpoint
CREATE INDEX "gallery_posts_author_page" ON "gallery_posts" USING btree ("guild_id","author_id","id") WHERE "gallery_posts"."unpublished_at" is null;--> statement-breakpoint
CREATE INDEX "gallery_posts_subject" ON "gallery_posts" USING btree ("subject_id","id") WHERE "gallery_posts"."unpublished_at" is null;--> statement-breakpoint
CREATE INDEX "outbox_deliveries_due" ON "outbox_deliveries" USING btree ("next_attempt_at") WHERE "outbox_deliveries"."status" in ('pending', 'sending');--> statement-breakpoint
CREATE INDEX "renditions_open" ON "renditions" USING btree ("created_at") WHERE "renditions"."status" in ('queued', 'running');--> statement-breakpoint
CREATE INDEX "renditions_user_open" ON "renditions" USING btree ("user_id") WHERE "renditions"."status" in ('queued', 'running');--> statement-breakpoint
CREATE INDEX "renditions_subject" ON "renditions" USING btree ("subject_id");--> statement-breakpoint
CREATE INDEX "renditions_artifact" ON "renditions" USING btree ("artifact_id");--> statement-breakpoint
CREATE UNIQUE INDEX "subjects_owner_name_unique" ON "subjects" USING btree ("owner_id","name_key") WHERE "subjects"."deleted_at" is null and "subjects"."status" <> 'untrained';--> statement-breakpoint
CREATE UNIQUE INDEX "subjects_owner_identifier_unique" ON "subjects" USING btree ("owner_id","base_checkpoint_hash","identifier") WHERE "subjects"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "subjects_owner_search" ON "subjects" USING btree ("owner_id","name_key" collate "C") WHERE "subjects"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "subjects_guild_search" ON "subjects" USING btree ("guild_id","name_key" collate "C") WHERE "subjects"."deleted_at" is null and "subjects"."visibility" = 'guild';--> statement-breakpoint
CREATE INDEX "subjects_deleted" ON "subjects" USING btree ("deleted_at") WHERE "subjects"."deleted_at" is not null;--> statement-breakpoint
CREATE INDEX "training_runs_open" ON "training_runs" USING btree ("created_at") WHERE "training_runs"."status" in ('queued', 'running');--> statement-breakpoint
CREATE INDEX "training_runs_user_open" ON "training_runs" USING btree ("user_id") WHERE "training_runs"."status" in ('queued', 'running');--> statement-breakpoint
CREATE INDEX "training_runs_subject" ON "training_runs" USING btree ("subject_id");