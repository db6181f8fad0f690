ALTER TABLE "renditions" DROP CONSTRAINT "renditions_artifact_id_artifacts_id_fk";
--> statement-breakpoint
DROP INDEX "renditions_artifact";--> statement-breakpoint
ALTER TABLE "renditions" DROP COLUMN "artifact_id";