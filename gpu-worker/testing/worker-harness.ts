/** @file A worker with everything real around it, for tests: a database, a store, a tiny base, a user with photos. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { eq } from 'drizzle-orm';
import type { Logger } from 'pino';
import sharp from 'sharp';
import type { Database, Db } from '#db/client.ts';
import type { TrainSettings } from '#db/jobs/train-subject.ts';
import { createLogger } from '#db/logger.ts';
import type { NewPhoto } from '#db/queries/new-trainings.ts';
import { type OutboxDelivery, outboxDeliveries } from '#db/schema/outbox-deliveries.ts';
import type { Subject } from '#db/schema/subjects.ts';
import type { TrainingRun } from '#db/schema/training-runs.ts';
import { insertTraining, makeSnowflake } from '#db/testing/rows.ts';
import { loadOrCreateKeyFile, type MasterKey } from '#storage/keys.ts';
import { openStore, type Store } from '#storage/store.ts';
import type { WorkerSettings } from '../config.ts';
import { readSafetensorsHeader } from '../diffusion/weights/safetensors.ts';
import { ensureDataKey } from '../processors/data-keys.ts';
import { writeRandomJudges } from './random-judges.ts';
import { writeTinyCheckpoint } from './tiny-checkpoint.ts';

/** See {@link prepareWorker}. */
export interface WorkerHarness {
  readonly database: Database;
  readonly store: Store;
  /** As the environment has it. */
  readonly filesKey: string;
  readonly masterKey: MasterKey;
  readonly filesDir: string;
  readonly config: WorkerSettings;
  /** Log lines of {@link WorkerHarness.logger} so far. */
  readonly logs: readonly Record<string, unknown>[];
  readonly logger: Logger;
  /** Inserts a training of a user with three photos, all stored. */
  insertTraining(
    settings?: Partial<TrainSettings>,
    changes?: { classNoun?: string; userId?: string },
  ): Promise<{ run: TrainingRun; subject: Subject; dataKey: Uint8Array }>;
  /** Outcomes in the outbox for a row. */
  deliveries(rowId: string): Promise<OutboxDelivery[]>;
}

/** Prepares a folder and a database; a folder that was prepared before keeps its key and files. */
export async function prepareWorker(folder: string, database: Database): Promise<WorkerHarness> {
  const keyFile = path.join(folder, 'files.key');
  const masterKey = await loadOrCreateKeyFile(keyFile);
  const filesKey = readFileSync(keyFile, 'utf8').trim();
  const filesDir = path.join(folder, 'files');
  const store = await openStore({ dir: filesDir, keys: masterKey });
  const logs: Record<string, unknown>[] = [];
  const logger = createLogger(
    { level: 'debug' },
    { write: (line: string) => void logs.push(JSON.parse(line)) },
  );
  const baseCheckpointDir = writeTinyCheckpoint(path.join(folder, 'base'), { seed: 1 });
  const workDir = path.join(folder, 'work');
  mkdirSync(workDir, { recursive: true });
  const { db } = database;
  return {
    database,
    store,
    filesKey,
    masterKey,
    filesDir,
    config: {
      baseCheckpointDir,
      workDir,
      judges: { pocketDir: writeRandomJudges(path.join(folder, 'judges')) },
      executionProvider: 'cpu',
      acknowledgeNoOutputClassifier: false,
      // The tiny base draws too fast for any other.
      previewEveryMs: 1,
    },
    logs,
    logger,
    async insertTraining(settings = {}, changes = {}) {
      const userId = changes.userId ?? makeSnowflake();
      const dataKey = await ensureDataKey(db, masterKey, userId);
      const photos: NewPhoto[] = [];
      for (const background of ['#c04020', '#40c020', '#2040c0']) {
        photos.push(await storePhoto(store, dataKey, background));
      }
      const row = { ...changes, userId, photos, settings: { seed: 3, ...settings } };
      return { ...(await insertTraining(db, row)), dataKey };
    },
    deliveries: (rowId) => listDeliveries(db, rowId),
  };
}

async function storePhoto(
  store: Store,
  dataKey: Uint8Array,
  background: string,
): Promise<NewPhoto> {
  const create = { width: 80, height: 64, channels: 3, background } as const;
  const bytes = await sharp({ create }).png().toBuffer();
  return {
    storageFileId: await store.put(bytes, { ownerDataKey: dataKey }),
    width: create.width,
    height: create.height,
    sizeBytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  };
}

async function listDeliveries(db: Db, rowId: string): Promise<OutboxDelivery[]> {
  return db.select().from(outboxDeliveries).where(eq(outboxDeliveries.refId, rowId));
}

/** Reads what an artifact says of itself, and its tensors' places. */
export const readArtifactHeader = readSafetensorsHeader;
