/** @file The bot as its own process: config, database, queue, store, Discord, signals. */
import { openDatabase } from '#db/client.ts';
import { createLogger } from '#db/logger.ts';
import { migrateDatabase } from '#db/migrate.ts';
import { openQueue } from '#db/queue.ts';
import { locateBaseCheckpoint } from '#storage/base-checkpoint.ts';
import { parseMasterKey } from '#storage/keys.ts';
import { openStore } from '#storage/store.ts';
import { readClassNouns } from './class-nouns.ts';
import { readBotConfig } from './config.ts';
import { follow } from './follow.ts';
import { readPresets } from './presets.ts';
import { startBot } from './start.ts';

/** A stop that hangs must not keep a supervisor waiting. */
const STOP_MS = 20_000;

const config = readBotConfig();
const logger = createLogger({ level: config.LOG_LEVEL, base: { process: 'bot' } });

let stop: () => Promise<void> = async () => undefined;
let isEnding = false;

function end(exitCode: number, reason: string): void {
  if (isEnding) return;
  isEnding = true;
  logger.info({ reason }, 'bot ending');
  setTimeout(() => process.exit(exitCode || 1), STOP_MS).unref();
  stop().then(
    () => process.exit(exitCode),
    (error) => {
      logger.error({ err: error }, 'bot did not end well');
      process.exit(1);
    },
  );
}

process.once('SIGTERM', () => end(0, 'SIGTERM'));
process.once('SIGINT', () => end(0, 'SIGINT'));
process.on('unhandledRejection', (error) => {
  logger.fatal({ err: error }, 'unhandled rejection');
  end(1, 'unhandled rejection');
});

try {
  const database = await openDatabase(config.DATABASE_URL, {
    onError: (error) => logger.error({ err: error }, 'database connection lost'),
  });
  await migrateDatabase(database, { queue: config.REDIS_URL === undefined });
  const queue = await openQueue({
    database,
    redisUrl: config.REDIS_URL,
    onError: (error, where) => logger.error({ err: error, where }, 'queue error'),
  });
  const masterKey = parseMasterKey(config.FILES_KEY);
  const { dir } = locateBaseCheckpoint(config.BASE_CHECKPOINT, config.HUB_DIR);
  const onListError = (error: unknown) => logger.error({ err: error }, 'list of the base');
  const classNouns = await follow(() => readClassNouns(dir), onListError);
  const presets = await follow(() => readPresets(dir), onListError);
  const bot = await startBot({
    discord: {
      token: config.DISCORD_TOKEN,
      applicationId: config.DISCORD_APPLICATION_ID,
      apiUrl: config.DISCORD_API_URL,
    },
    database,
    queue,
    store: await openStore({ dir: config.FILES_DIR, keys: masterKey }),
    masterKey,
    logger,
    get classNouns() {
      return classNouns.current;
    },
    get presets() {
      return presets.current;
    },
    attachmentOrigins: config.ATTACHMENT_ORIGINS,
    renditionLimits: {
      maxCount: config.IMAGINE_MAX_COUNT,
      maxSteps: config.IMAGINE_MAX_STEPS,
      maxOpen: config.IMAGINE_MAX_OPEN,
    },
    // A supervisor starts the process again; a fresh one logs in afresh.
    onFatal: (reason) => end(1, reason),
  });
  stop = async () => {
    await bot.stop();
    await queue.close();
    await database.close();
  };
} catch (error) {
  logger.fatal({ err: error }, 'bot did not start');
  end(1, 'start failed');
}
