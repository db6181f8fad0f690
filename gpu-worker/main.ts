/** @file The worker as a process of its own: config → database → queue → files → worker → signals. */
import { openDatabase } from '#db/client.ts';
import { createLogger } from '#db/logger.ts';
import { migrateDatabase } from '#db/migrate.ts';
import { openQueue } from '#db/queue.ts';
import { openStore } from '#storage/store.ts';
import { bringBase } from './bring-base.ts';
import { ConfigError, readConfig, type WorkerConfig } from './config.ts';
import { EngineRequestError } from './dreambooth/requests.ts';
import { CheckpointError } from './hub/download-checkpoint.ts';
import { HubError } from './hub/hub-error.ts';
import { requireSafeBase, startWorker, UnsafeBaseError } from './start.ts';

function loadConfig(): WorkerConfig {
  try {
    return readConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

function exitOnBadBase(error: unknown): never {
  const kinds = [UnsafeBaseError, EngineRequestError, HubError, CheckpointError];
  if (!kinds.some((kind) => error instanceof kind)) throw error;
  console.error(`BASE_CHECKPOINT: ${(error as Error).message}`);
  process.exit(1);
}

const config = loadConfig();
const logger = createLogger({ name: 'gpu-worker', level: config.logLevel });
try {
  // Before gigabytes are downloaded that would then be refused.
  requireSafeBase(config);
  await bringBase(config, logger);
} catch (error) {
  exitOnBadBase(error);
}
const database = await openDatabase(config.databaseUrl, {
  onError: (error) => logger.warn({ err: error }, 'database'),
});
await migrateDatabase(database, { queue: config.redisUrl === undefined });
const queue = await openQueue({
  redisUrl: config.redisUrl,
  database,
  onError: (error, where) => logger.warn({ err: error, where }, 'queue'),
});
const store = await openStore({ dir: config.filesDir, keys: config.masterKey });

try {
  const worker = await startWorker({
    database,
    queue,
    store,
    masterKey: config.masterKey,
    config,
    logger,
  });
  let stopping = false;
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    // A second Ctrl+C does not wait; what runs is safe.
    if (stopping) process.exit(1);
    stopping = true;
    logger.info({ signal }, 'stopping');
    await worker.close();
    await queue.close();
    await database.close();
    process.exit(0);
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
} catch (error) {
  exitOnBadBase(error);
}
