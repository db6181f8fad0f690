ALTER TABLE "training_runs" ADD COLUMN "finish_requested" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "training_runs" ADD COLUMN "parent_artifact_id" uuid;--> statement-breakpoint
ALTER TABLE "training_runs" ADD COLUMN "times" jsonb;--> statement-breakpoint
CREATE INDEX "training_runs_timed" ON "training_runs" USING btree ("id") WHERE "training_runs"."times" is not null;