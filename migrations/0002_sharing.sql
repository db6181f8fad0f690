CREATE TABLE "rendition_subjects" (
	"rendition_id" uuid NOT NULL,
	"subject_id" uuid NOT NULL,
	"grantees" text[] DEFAULT '{}' NOT NULL,
	CONSTRAINT "rendition_subjects_rendition_id_subject_id_pk" PRIMARY KEY("rendition_id","subject_id")
);
--> statement-breakpoint
CREATE TABLE "subject_shares" (
	"subject_id" uuid NOT NULL,
	"name_key" text NOT NULL,
	"grantee" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "subject_shares_subject_id_grantee_pk" PRIMARY KEY("subject_id","grantee")
);
--> statement-breakpoint
DROP INDEX "subjects_guild_search";--> statement-breakpoint
ALTER TABLE "subjects" ADD CONSTRAINT "subjects_id_name_unique" UNIQUE("id","name_key");--> statement-breakpoint
ALTER TABLE "rendition_subjects" ADD CONSTRAINT "rendition_subjects_rendition_id_renditions_id_fk" FOREIGN KEY ("rendition_id") REFERENCES "public"."renditions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rendition_subjects" ADD CONSTRAINT "rendition_subjects_subject_id_subjects_id_fk" FOREIGN KEY ("subject_id") REFERENCES "public"."subjects"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "subject_shares" ADD CONSTRAINT "subject_shares_subject_fk" FOREIGN KEY ("subject_id","name_key") REFERENCES "public"."subjects"("id","name_key") ON DELETE cascade ON UPDATE cascade;--> statement-breakpoint
CREATE INDEX "rendition_subjects_subject" ON "rendition_subjects" USING btree ("subject_id","rendition_id");--> statement-breakpoint
CREATE INDEX "subject_shares_search" ON "subject_shares" USING btree ("grantee","name_key" collate "C","subject_id");--> statement-breakpoint
-- What was there before keeps its meaning.
INSERT INTO "subject_shares" ("subject_id", "name_key", "grantee") SELECT "id", "name_key", 'guild:' || "guild_id" FROM "subjects" WHERE "visibility" = 'guild' AND "guild_id" IS NOT NULL AND "deleted_at" IS NULL;--> statement-breakpoint
INSERT INTO "rendition_subjects" ("rendition_id", "subject_id") SELECT "id", "subject_id" FROM "renditions" WHERE "subject_id" IS NOT NULL;--> statement-breakpoint
ALTER TABLE "subjects" DROP COLUMN "visibility";