CREATE TABLE "owed_answers" (
	"interaction_id" text PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"guild_id" text,
	"channel_id" text NOT NULL,
	"tell_at" timestamp with time zone,
	"attempts" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "direct_messages" boolean DEFAULT false NOT NULL;--> statement-breakpoint
CREATE INDEX "owed_answers_due" ON "owed_answers" USING btree ("tell_at") WHERE "owed_answers"."tell_at" is not null;