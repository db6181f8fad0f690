CREATE TABLE "rendition_drafts" (
	"id" uuid PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"wish" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "rendition_subjects" ADD COLUMN "position" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "rendition_subjects" ADD COLUMN "artifact_id" uuid;--> statement-breakpoint
ALTER TABLE "renditions" ADD COLUMN "named_subjects" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "renditions" ADD COLUMN "parent_id" uuid;--> statement-breakpoint
ALTER TABLE "renditions" ADD COLUMN "source_id" uuid;--> statement-breakpoint
ALTER TABLE "renditions" ADD COLUMN "source_index" integer;--> statement-breakpoint
ALTER TABLE "renditions" ADD COLUMN "start_file_id" text;--> statement-breakpoint
ALTER TABLE "renditions" ADD COLUMN "rendered_with" jsonb;--> statement-breakpoint
ALTER TABLE "renditions" ADD COLUMN "deleted_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "renditions" ADD COLUMN "purged_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "rendition_drafts" ADD CONSTRAINT "rendition_drafts_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "rendition_drafts_created" ON "rendition_drafts" USING btree ("created_at");--> statement-breakpoint
ALTER TABLE "rendition_subjects" ADD CONSTRAINT "rendition_subjects_artifact_id_artifacts_id_fk" FOREIGN KEY ("artifact_id") REFERENCES "public"."artifacts"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "renditions" ADD CONSTRAINT "renditions_parent_id_renditions_id_fk" FOREIGN KEY ("parent_id") REFERENCES "public"."renditions"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "renditions" ADD CONSTRAINT "renditions_source_id_renditions_id_fk" FOREIGN KEY ("source_id") REFERENCES "public"."renditions"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "rendition_subjects_artifact" ON "rendition_subjects" USING btree ("artifact_id");--> statement-breakpoint
CREATE INDEX "renditions_unpurged" ON "renditions" USING btree ("deleted_at") WHERE "renditions"."deleted_at" is not null and "renditions"."purged_at" is null;--> statement-breakpoint
ALTER TABLE "renditions" ADD CONSTRAINT "renditions_start_file_unique" UNIQUE("start_file_id");--> statement-breakpoint
UPDATE "rendition_subjects" SET "artifact_id" = "renditions"."artifact_id" FROM "renditions" WHERE "renditions"."id" = "rendition_subjects"."rendition_id" AND "renditions"."subject_id" = "rendition_subjects"."subject_id";
