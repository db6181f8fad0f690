/** @file Pictures of the plain class, straight from the engine: by the frozen base, and by the subject's weights. */
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { getArtifact } from '#db/queries/artifacts.ts';
import { getTrainingRunWithSubject } from '#db/queries/training-runs.ts';
import { getDataKey } from '#db/queries/users.ts';
import { readBaseFacts } from '#worker/dreambooth/base-checkpoint.ts';
import { DemoError } from './conversation.ts';
import type { Embedded } from './start-embedded.ts';

/** Which pictures. */
export interface ClassPictureRequest {
  readonly baseCheckpointDir: string;
  readonly classNoun: string;
  /** The subject's decrypted weights; absent: the base itself. */
  readonly artifactFile?: string;
  /** Picture i is made with `seed + i`. */
  readonly seed: number;
  readonly count: number;
  /** An empty or missing folder. */
  readonly dir: string;
}

/** @returns "a [class]" as PNGs, with the base's recommended sampling */
export async function drawClass(
  { engine }: Pick<Embedded, 'engine'>,
  request: ClassPictureRequest,
  signal: AbortSignal,
): Promise<Buffer[]> {
  const { baseCheckpointDir, classNoun, artifactFile, seed, count, dir } = request;
  mkdirSync(dir, { recursive: true });
  const { pictureFiles } = await engine.run(
    {
      kind: 'render-prompt',
      baseCheckpointDir,
      ...(artifactFile !== undefined && { artifactFile }),
      prompt: `a ${classNoun}`,
      seed,
      count,
      outputDir: dir,
      sampling: readBaseFacts(baseCheckpointDir).defaults.sampling,
      provider: 'cpu',
    },
    { signal },
  );
  return pictureFiles.map((file) => readFileSync(file));
}

/**
 * Decrypts what a training has learned.
 *
 * @param dir where the file goes
 * @returns the file
 */
export async function decryptArtifact(
  { database, store }: Pick<Embedded, 'database' | 'store'>,
  runId: string,
  dir: string,
): Promise<string> {
  const row = await getTrainingRunWithSubject(database.db, runId);
  const artifact = await getArtifact(database.db, row?.subject.currentArtifactId ?? '');
  const key = await getDataKey(database.db, row?.run.userId ?? '');
  if (!artifact || !key) throw new DemoError('What the training learned is not in the store.');
  mkdirSync(dir, { recursive: true });
  const file = path.join(dir, 'artifact.safetensors');
  await store.getToFile(artifact.storageFileId, key.wrappedDataKey, file);
  return file;
}
