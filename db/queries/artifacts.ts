/** @file Queries: trained weights, and which of them a subject uses. A successful training inserts them: see `succeedTraining`. */
import { and, asc, desc, eq, isNull } from 'drizzle-orm';
import type { Db } from '../client.ts';
import { type Artifact, artifacts } from '../schema/artifacts.ts';
import { type Subject, subjects } from '../schema/subjects.ts';
import { onlyRow, violatedConstraint } from './errors.ts';

/** @returns the artifact */
export async function getArtifact(db: Db, artifactId: string): Promise<Artifact | undefined> {
  const [artifact] = await db.select().from(artifacts).where(eq(artifacts.id, artifactId));
  return artifact;
}

/** @returns all weights of a subject, newest first */
export async function listArtifacts(db: Db, subjectId: string): Promise<Artifact[]> {
  return db
    .select()
    .from(artifacts)
    .where(eq(artifacts.subjectId, subjectId))
    .orderBy(desc(artifacts.id));
}

/** @returns the weights that a training kept, in the order of their steps */
export async function listArtifactsOfRun(db: Db, runId: string): Promise<Artifact[]> {
  return db
    .select()
    .from(artifacts)
    .where(eq(artifacts.runId, runId))
    .orderBy(asc(artifacts.step), asc(artifacts.id));
}

/** What became of a choice of weights. */
export type ChosenArtifact =
  | { readonly outcome: 'chosen'; readonly artifact: Artifact; readonly subject: Subject }
  /** `identifier-taken`: another of the owner's subjects has its word on its base by now. */
  | { readonly outcome: 'missing' | 'not-owner' | 'identifier-taken' };

/**
 * Makes the weights those that prompts use from now on.
 *
 * @param userId must own the subject
 */
export async function chooseArtifact(
  db: Db,
  artifactId: string,
  userId: string,
): Promise<ChosenArtifact> {
  try {
    return await db.transaction(async (tx): Promise<ChosenArtifact> => {
      const artifact = await getArtifact(tx, artifactId);
      if (!artifact) return { outcome: 'missing' };
      const [owned] = await tx
        .select()
        .from(subjects)
        .where(and(eq(subjects.id, artifact.subjectId), isNull(subjects.deletedAt)))
        .for('update');
      if (!owned) return { outcome: 'missing' };
      if (owned.ownerId !== userId) return { outcome: 'not-owner' };
      const { identifier, baseCheckpointHash } = artifact;
      const subject = onlyRow(
        await tx
          .update(subjects)
          .set({ currentArtifactId: artifact.id, identifier, baseCheckpointHash })
          .where(eq(subjects.id, owned.id))
          .returning(),
      );
      return { outcome: 'chosen', artifact, subject };
    });
  } catch (error) {
    if (violatedConstraint(error) !== 'subjects_owner_identifier_unique') throw error;
    return { outcome: 'identifier-taken' };
  }
}
