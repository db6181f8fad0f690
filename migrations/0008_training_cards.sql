CREATE TABLE "training_drafts" (
	"id" uuid PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"guild_id" text,
	"channel_id" text NOT NULL,
	"interaction_id" text NOT NULL,
	"name" text NOT NULL,
	"class_noun" text NOT NULL,
	"settings" jsonb NOT NULL,
	"photos" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "training_drafts_interaction_unique" UNIQUE("interaction_id")
);
--> statement-breakpoint
ALTER TABLE "training_drafts" ADD CONSTRAINT "training_drafts_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "training_drafts_created" ON "training_drafts" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "renditions_user" ON "renditions" USING btree ("user_id","id");--> statement-breakpoint
CREATE INDEX "training_runs_user" ON "training_runs" USING btree ("user_id","id");