ALTER TABLE "artifacts" ADD COLUMN "step" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "artifacts" ADD COLUMN "scores" jsonb;--> statement-breakpoint
ALTER TABLE "artifacts" ADD COLUMN "sample_file_ids" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "training_runs" ADD COLUMN "evaluation" jsonb;