DROP INDEX "gallery_posts_guild_page";--> statement-breakpoint
DROP INDEX "gallery_posts_author_page";--> statement-breakpoint
DROP INDEX "gallery_posts_style_page";--> statement-breakpoint
DROP INDEX "gallery_posts_hall_of_fame";--> statement-breakpoint
CREATE INDEX "gallery_posts_guild_page" ON "gallery_posts" USING btree ("guild_id",("id"::text) collate "C") WHERE "gallery_posts"."status" = 'published';--> statement-breakpoint
CREATE INDEX "gallery_posts_author_page" ON "gallery_posts" USING btree ("guild_id","author_id",("id"::text) collate "C");--> statement-breakpoint
CREATE INDEX "gallery_posts_style_page" ON "gallery_posts" USING btree ("guild_id","style",("id"::text) collate "C") WHERE "gallery_posts"."status" = 'published';--> statement-breakpoint
CREATE INDEX "gallery_posts_hall_of_fame" ON "gallery_posts" USING btree ("guild_id",("id"::text) collate "C") WHERE "gallery_posts"."status" = 'published' and "gallery_posts"."hall_of_fame_at" is not null;