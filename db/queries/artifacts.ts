/** @file Queries: trained weights. A successful training inserts them: see `succeedTraining`. */
import { desc, eq } from 'drizzle-orm';
import type { Db } from '../client.ts';
import { type Artifact, artifacts } from '../schema/artifacts.ts';

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
