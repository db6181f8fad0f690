/** @file Bot and worker in one process on PGlite: the embedded mode, which needs no server. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Logger } from 'pino';
import { readClassNouns } from '#bot/class-nouns.ts';
import { readPresets } from '#bot/presets.ts';
import { type BotTimings, startBot } from '#bot/start.ts';
import { type Database, openDatabase } from '#db/client.ts';
import type { TrainSettings } from '#db/jobs/train-subject.ts';
import { migrateDatabase } from '#db/migrate.ts';
import { openQueue } from '#db/queue.ts';
import { loadOrCreateKeyFile } from '#storage/keys.ts';
import { openStore, type Store } from '#storage/store.ts';
import { POCKET_JUDGES_DIR } from '#worker/config.ts';
import type { Engine } from '#worker/engine/client.ts';
import { startWorker } from '#worker/start.ts';

/** What {@link startEmbedded} needs. */
export interface EmbeddedOptions {
  /** Database, files, key and running trainings live here, and are found again by the next start. */
  readonly dataDir: string;
  readonly baseCheckpointDir: string;
  readonly discord: {
    readonly token: string;
    readonly applicationId: string;
    readonly apiUrl: string;
  };
  /** Where uploads come from, beside Discord's own hosts. */
  readonly attachmentOrigin: string;
  /** Over the settings that the base recommends. */
  readonly trainSettings?: Partial<TrainSettings>;
  readonly timings?: Partial<BotTimings>;
  /** See `ACKNOWLEDGE_NO_OUTPUT_CLASSIFIER`. */
  readonly acknowledgeNoOutputClassifier: boolean;
  readonly logger: Logger;
  readonly onFatal: (reason: string) => void;
}

/** Bot and worker, running. */
export interface Embedded {
  readonly database: Database;
  readonly store: Store;
  readonly engine: Engine;
  /** Stops both and their children. What is not done yet is in rows. Safe to call twice. */
  close(): Promise<void>;
}

/** Starts both; the commands are registered first. */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const { dataDir, baseCheckpointDir, logger } = options;
  const closers: (() => Promise<void>)[] = [];
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= (async () => {
      for (const closer of closers.reverse()) await closer();
    })();
    return closing;
  };
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const masterKey = await loadOrCreateKeyFile(path.join(dataDir, 'files.key'));
    const store = await openStore({ dir: path.join(dataDir, 'files'), keys: masterKey });
    const database = await openDatabase(`pglite://${encodeURI(path.join(dataDir, 'database'))}`);
    closers.push(() => database.close());
    await migrateDatabase(database, { queue: true });
    const queue = await openQueue({
      database,
      onError: (error, where) => logger.warn({ err: error, where }, 'queue'),
    });
    closers.push(() => queue.close());
    const worker = await startWorker({
      database,
      queue,
      store,
      masterKey,
      logger: logger.child({ name: 'gpu-worker' }),
      config: {
        baseCheckpointDir,
        workDir: path.join(dataDir, 'work'),
        judges: { pocketDir: POCKET_JUDGES_DIR },
        // The transcript keeps what is posted in the end; pocket's pictures take seconds.
        previewEveryMs: 3_600_000,
        executionProvider: 'cpu',
        acknowledgeNoOutputClassifier: options.acknowledgeNoOutputClassifier,
      },
    });
    closers.push(() => worker.close());
    const bot = await startBot({
      discord: options.discord,
      database,
      queue,
      store,
      masterKey,
      logger: logger.child({ name: 'bot' }),
      classNouns: await readClassNouns(baseCheckpointDir),
      presets: await readPresets(baseCheckpointDir),
      attachmentOrigins: [options.attachmentOrigin],
      trainSettings: options.trainSettings ?? {},
      deployCommands: true,
      timings: options.timings ?? {},
      onFatal: options.onFatal,
    });
    closers.push(() => bot.stop());
    return { database, store, engine: worker.engine, close };
  } catch (error) {
    await close();
    throw error;
  }
}
