ALTER TABLE "guilds" ADD COLUMN "gallery_channel_id" text;--> statement-breakpoint
ALTER TABLE "guilds" ADD COLUMN "moderator_channel_id" text;--> statement-breakpoint
ALTER TABLE "guilds" ADD COLUMN "hall_of_fame_threshold" integer DEFAULT 5 NOT NULL;--> statement-breakpoint
ALTER TABLE "guilds" ADD COLUMN "allowed_channel_ids" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "guilds" ADD COLUMN "allowed_role_ids" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "guilds" ADD COLUMN "locale" text DEFAULT 'en-US' NOT NULL;