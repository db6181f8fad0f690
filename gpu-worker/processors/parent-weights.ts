/** @file The weights that a training goes on from. */
import path from 'node:path';
import { getArtifact } from '#db/queries/artifacts.ts';
import type { Artifact } from '#db/schema/artifacts.ts';
import type { TrainingRun } from '#db/schema/training-runs.ts';
import type { ProcessorContext } from './context.ts';
import { JobFailure } from './failures.ts';
import type { RunFolder } from './run-folder.ts';

/** Decrypted weights, with what goes on with them. */
export interface ParentWeights extends Pick<Artifact, 'method' | 'identifier' | 'step'> {
  readonly file: string;
}

/**
 * @returns undefined where the training begins with the base's own weights
 * @throws {JobFailure} `FILE_MISSING` when they are gone, `BASE_CHANGED` when they belong to another base
 */
export async function decryptParent(
  { database, base, store }: ProcessorContext,
  { run, folder, dataKey }: { run: TrainingRun; folder: RunFolder; dataKey: Uint8Array },
): Promise<ParentWeights | undefined> {
  if (run.parentArtifactId === null) return undefined;
  const artifact = await getArtifact(database.db, run.parentArtifactId);
  if (!artifact) throw new JobFailure('FILE_MISSING');
  if (artifact.baseCheckpointHash !== base.hash) throw new JobFailure('BASE_CHANGED');
  const file = path.join(folder.attempt, 'parent.safetensors');
  await store.getToFile(artifact.storageFileId, dataKey, file);
  const { method, identifier, step } = artifact;
  return { file, method, identifier, step };
}
