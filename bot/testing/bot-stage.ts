/** @file For tests: the real bot on the playground, with a real database, queue and store; the worker's rows are written by hand. */
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { APIMessage } from 'discord.js';
import sharp from 'sharp';
import { type Database, openDatabase } from '#db/client.ts';
import { renderPrompt } from '#db/jobs/render-prompt.ts';
import { trainSubject } from '#db/jobs/train-subject.ts';
import { createLogger } from '#db/logger.ts';
import { migrateDatabase } from '#db/migrate.ts';
import { type JobQueue, type JobWorker, openQueue } from '#db/queue.ts';
import { createManualClock, type ManualClock } from '#playground/clock.ts';
import { readText } from '#playground/message-parts.ts';
import { createOpenApiValidator } from '#playground/openapi.ts';
import { type Playground, type PlaygroundOptions, startPlayground } from '#playground/server.ts';
import { generateMasterKey, type MasterKey, parseMasterKey } from '#storage/keys.ts';
import { openStore, type Store } from '#storage/store.ts';
import type { BasePresets } from '../presets.ts';
import { type BotDependencies, type BotTimings, type RunningBot, startBot } from '../start.ts';

/** Discord's own description of its API, where it is at hand. */
const openApiPath = fileURLToPath(
  new URL('../../../shared/data/discord/openapi.json', import.meta.url),
);

/** A busy machine takes its time to start a database and decoders. */
export const STAGE_TIMEOUT_MS = 180_000;

/** Everything a test needs. */
export interface BotStage {
  readonly playground: Playground;
  /** Discord's clock: it stands still, so that a busy machine breaks no 3 s rule, until a test moves it. */
  readonly clock: ManualClock;
  /** @returns the first message in the channel that contains the text */
  see(text: string): Promise<APIMessage>;
  readonly database: Database;
  readonly queue: JobQueue;
  /** Takes jobs away, and leaves what becomes of their rows to the test. */
  readonly workers: readonly JobWorker[];
  readonly store: Store;
  readonly masterKey: MasterKey;
  /** The bot now; {@link restart} replaces it. */
  readonly bot: RunningBot;
  /** What the bot logged, parsed. */
  readonly logs: Record<string, unknown>[];
  /** Reasons for which the bot asked to be started anew. */
  readonly fatal: string[];
  /** Stops the bot, does something, and starts another one on the same rows. */
  restart(meanwhile?: () => Promise<unknown>): Promise<void>;
  /** @returns the ids of the files that the store holds, sorted */
  listFiles(): Promise<string[]>;
  /** @returns how many files the store holds */
  countFiles(): Promise<number>;
  close(): Promise<void>;
}

/** How a stage differs from the usual one. */
export interface StageOptions {
  /** Where Discord's clock stands at first. Default: now. */
  startMs?: number;
  playground?: PlaygroundOptions;
  classNouns?: readonly string[];
  presets?: BasePresets;
  timings?: Partial<BotTimings>;
  /** A Redis for the queue. Default: it is in the database. */
  redisUrl?: string;
}

/** Fast enough for tests, and still two edits are told apart. */
const timings: BotTimings = {
  outboxMs: 40,
  progressMs: 40,
  editMs: 150,
  // A busy machine may take its time over a rendition; tests of its message say when they want it.
  renditionProgressMs: 3_600_000,
  sweepMs: 200,
  reactionsMs: 3_600_000,
  gatewayDownMs: 1_500,
  // A handler that outlives its bot would go on in the next one's process, as it never does in life.
  drainMs: 60_000,
};

/** Sends arrive as fast as the test wants; what the limits do is the playground's own test. */
const noRateLimits = Object.fromEntries(
  [
    'default',
    'global',
    'POST /channels/{channel_id}/messages',
    'PATCH /channels/{channel_id}/messages/{message_id}',
    'POST /webhooks/{webhook_id}/{webhook_token}',
    'PATCH /webhooks/{webhook_id}/{webhook_token}/messages/{message_id}',
  ].map((route) => [route, { limit: 10_000, windowMs: 1000 }]),
);

/** Starts a playground and a bot. */
export async function startBotStage(options: StageOptions = {}): Promise<BotStage> {
  const clock = createManualClock(options.startMs);
  const playground = await startPlayground({
    clock,
    rateLimits: noRateLimits,
    userNames: ['ada', 'ben', 'cleo', 'dora', 'eve', 'fay'],
    ...(existsSync(openApiPath) ? { validate: createOpenApiValidator(openApiPath) } : {}),
    ...options.playground,
  });
  const database = await openDatabase('pglite://memory');
  await migrateDatabase(database, { queue: true });
  const queue = await openQueue({
    database,
    ...(options.redisUrl !== undefined && { redisUrl: options.redisUrl }),
  });
  const never = () => new Promise<never>(() => undefined);
  const workers = [
    queue.createWorker(trainSubject, never),
    queue.createWorker(renderPrompt, never),
  ];
  const dir = await mkdtemp(path.join(tmpdir(), 'bot-stage-'));
  const masterKey = parseMasterKey(generateMasterKey());
  const store = await openStore({ dir, keys: masterKey });
  const logs: Record<string, unknown>[] = [];
  const logger = createLogger(
    { level: 'debug' },
    { write: (line: string) => void logs.push(JSON.parse(line)) },
  );
  const fatal: string[] = [];
  const dependencies: BotDependencies = {
    discord: {
      token: playground.application.token,
      applicationId: playground.application.id,
      apiUrl: playground.urls.api,
    },
    database,
    queue,
    store,
    masterKey,
    logger,
    classNouns: options.classNouns ?? null,
    ...(options.presets && { presets: options.presets }),
    attachmentOrigins: [new URL(playground.urls.cdn).origin],
    deployCommands: true,
    timings: { ...timings, ...options.timings },
    onFatal: (reason) => fatal.push(reason),
  };
  let bot = await startBot(dependencies);
  const listFiles = async () => {
    const entries = await readdir(dir, { recursive: true, withFileTypes: true });
    return entries.flatMap((entry) => (entry.isFile() ? entry.name : [])).sort();
  };

  return {
    playground,
    clock,
    see: (text) =>
      playground.waitForMessage((message) => readText(message).includes(text), {
        timeoutMs: 20_000,
      }),
    database,
    queue,
    workers,
    store,
    masterKey,
    get bot() {
      return bot;
    },
    logs,
    fatal,
    async restart(meanwhile = async () => undefined) {
      await bot.stop();
      await meanwhile();
      bot = await startBot(dependencies);
    },
    listFiles,
    countFiles: async () => (await listFiles()).length,
    async close() {
      await bot.stop();
      await queue.close();
      await database.close();
      await playground.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** @returns a picture that no other `seed` gives */
export async function makePicture(
  seed: number,
  format: 'png' | 'jpeg' | 'webp' = 'png',
): Promise<Buffer> {
  const background = { r: (seed * 67) % 256, g: (seed * 131) % 256, b: (seed * 29) % 256 };
  return sharp({ create: { width: 64, height: 48, channels: 3, background } })
    .toFormat(format)
    .toBuffer();
}

/** @returns uploads for the playground */
export async function makePhotos(count: number): Promise<{ name: string; bytes: Buffer }[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, index) => ({
      name: `photo-${index + 1}.png`,
      bytes: await makePicture(index + 1),
    })),
  );
}

/** @returns the first value that is not undefined or false */
export async function until<T>(
  read: () => T | undefined | false | Promise<T | undefined | false>,
  what = 'what was waited for',
  timeoutMs = 40_000,
): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const value = await read();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > end) throw new Error(`${what}: not in time`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
