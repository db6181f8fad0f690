/** @file The whole road with real processes, and what becomes of a training when one of them is killed. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { APIMessage } from 'discord-api-types/v10';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Database, openDatabase } from '#db/client.ts';
import { listOpenTrainingRuns } from '#db/queries/training-runs.ts';
import {
  createTestDatabase,
  missingTestServices,
  startTestServices,
} from '#db/testing/services.ts';
import { END_MS, openTestChannel, type TestChannel } from '#playground/demo/testing/channel.ts';
import { isAlive, type Spawned, spawnScript } from '#playground/demo/testing/spawned.ts';
import { listFiles, readText } from '#playground/message-parts.ts';
import { generateMasterKey } from '#storage/keys.ts';
import { candidateSteps } from '#worker/dreambooth/candidates.ts';
import { writeTinyCheckpoint } from '#worker/testing/tiny-checkpoint.ts';

/** Some seconds of training: long enough to be killed in the middle. */
const STEPS = 160;
const CHECKPOINT_STEPS = 5;
/** One after another on two busy cores. */
const timeout = 600_000;

const folder = mkdtempSync(path.join(tmpdir(), 'road-'));
const base = writeTinyCheckpoint(path.join(folder, 'base'), {
  seed: 1,
  training: { maxTrainSteps: STEPS, checkpointingSteps: CHECKPOINT_STEPS },
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function sizesOf(message: APIMessage | undefined): Promise<string[]> {
  return Promise.all(
    (message ? listFiles(message) : []).map(async ({ url }) => {
      const bytes = Buffer.from(await (await fetch(url)).arrayBuffer());
      const { format, width, height } = await sharp(bytes).metadata();
      return `${format} ${width}x${height}`;
    }),
  );
}

const STRIP = `png ${4 * (64 + 4) - 4}x64`;

/** The message that a training leaves: one, with its candidates, and the class before and after. */
async function expectOneEnd(channel: TestChannel, name: string): Promise<void> {
  const messages = await channel.seeEnd(name);
  expect(messages).toHaveLength(1);
  const [head, ready] = readText(messages[0]!).split('\n');
  expect(head).toBe(`**${name}** (dog) for <@${channel.playground.users.ada?.id}>`);
  expect(ready).toBe('Ready. Try `/imagine prompt: a [V] dog on the beach`');
  const steps = candidateSteps(STEPS, 4);
  const files = listFiles(messages[0]!).map((file) => file.name);
  expect(files).toEqual([...steps.map((step) => `step-${step}.png`), 'class-before-and-after.png']);
  expect((await sizesOf(messages[0])).slice(0, -1)).toEqual(steps.map(() => STRIP));
}

const isReady = ({ msg }: { msg?: string }) => msg === 'training: weights are ready';

/** The last training that a worker finished went on where an earlier one was killed. */
async function expectResumed(worker: Spawned): Promise<void> {
  const line = await worker.waitForLog('a finished training', isReady);
  expect(line).toMatchObject({ steps: STEPS, classImagesMade: 0 });
  expect(line.resumedFromStep).toBeGreaterThanOrEqual(CHECKPOINT_STEPS);
}

const missing = missingTestServices();
const title = 'bot and worker as two processes on Redis and Postgres';
describe.skipIf(missing)(missing ? `${title} (${missing})` : title, { timeout }, () => {
  const closers: (() => Promise<unknown>)[] = [];
  let channel: TestChannel;
  let database: Database;
  let bot: Spawned;
  let worker: Spawned;
  let startBot: () => Promise<Spawned>;
  let startWorker: () => Promise<Spawned>;

  beforeAll(async () => {
    const services = await startTestServices();
    closers.push(() => services.stop());
    const testDatabase = await createTestDatabase(services.postgresUrl);
    closers.push(() => testDatabase.drop());
    database = await openDatabase(testDatabase.url);
    closers.push(() => database.close());
    channel = await openTestChannel();
    closers.push(() => channel.close());
    const { application, urls } = channel.playground;
    const discord = {
      DISCORD_TOKEN: application.token,
      DISCORD_APPLICATION_ID: application.id,
      DISCORD_API_URL: urls.api,
    };
    const shared = {
      DATABASE_URL: testDatabase.url,
      REDIS_URL: services.redisUrl,
      FILES_DIR: path.join(folder, 'files'),
      FILES_KEY: generateMasterKey(),
      BASE_CHECKPOINT: base,
    };
    startBot = async () => {
      const env = { ...discord, ...shared, ATTACHMENT_ORIGINS: new URL(urls.cdn).origin };
      const started = spawnScript('bot/main.ts', { env });
      closers.push(() => started.end('SIGTERM'));
      await started.waitForLog('a ready bot', ({ msg }) => msg === 'bot ready');
      return started;
    };
    startWorker = async () => {
      const env = { ...shared, WORK_DIR: path.join(folder, 'work') };
      const started = spawnScript('gpu-worker/main.ts', { env });
      closers.push(() => started.end('SIGTERM'));
      await started.waitForLog('a started worker', ({ msg }) => msg === 'worker started');
      return started;
    };
    expect(await spawnScript('bot/deploy-commands.ts', { env: discord }).ended).toBe(0);
    [bot, worker] = await Promise.all([startBot(), startWorker()]);
  }, timeout);
  afterAll(async () => {
    for (const close of closers.reverse()) await close();
  }, timeout);

  /** Until the worker has passed a checkpoint of the open training. */
  const passCheckpoint = () =>
    expect
      .poll(
        async () => {
          const [open] = await listOpenTrainingRuns(database.db);
          const progress = open?.run.progress;
          return progress?.stage === 'training' ? progress.step : 0;
        },
        { timeout: 400_000, interval: 50 },
      )
      .toBeGreaterThan(CHECKPOINT_STEPS);

  it('a /train and an /imagine end in pictures in the channel', async () => {
    const { playground } = channel;
    await channel.train('Rex', 'dog');
    await expectOneEnd(channel, 'Rex');
    const asked = await playground.command({
      user: 'ada',
      name: 'imagine',
      options: { prompt: 'a [Rex] on the beach', count: 2, seed: 7 },
      until: 'settled',
    });
    expect(asked.message?.content).toContain('I am drawing 2 pictures of **Rex**');
    const posted = await playground.waitForMessage(
      (message) => readText(message).includes('Seed 7'),
      { timeoutMs: END_MS },
    );
    expect(readText(posted)).toBe(
      `**Rex** for <@${playground.users.ada?.id}>\n> a [Rex] on the beach\nSeed 7 · 64 × 64`,
    );
    expect(await sizesOf(posted)).toEqual(['png 64x64', 'png 64x64']);
    expect(playground.violations).toEqual([]);
  });

  it('a training whose bot is killed while it runs ends once, with one message', async () => {
    await channel.train('Bots end', 'dog');
    await passCheckpoint();
    expect(channel.about('Bots end')).toHaveLength(1);
    await bot.end('SIGKILL');
    bot = await startBot();
    await expectOneEnd(channel, 'Bots end');
  });

  it('a training whose worker is killed while it runs ends once, with one message', async () => {
    await channel.train('Workers end', 'dog');
    await passCheckpoint();
    const engines = worker.logs.filter(({ msg }) => msg === 'engine started');
    const enginePid = Number(engines.at(-1)?.enginePid);
    await worker.end('SIGKILL');
    await expect.poll(() => isAlive(enginePid), { timeout: 60_000 }).toBe(false);
    worker = await startWorker();
    await expectOneEnd(channel, 'Workers end');
    await expectResumed(worker);
  });

  it('a training whose engine is killed while it runs ends once, with one message', async () => {
    const earlier = worker.logs.filter(isReady).length;
    await channel.train('Engines end', 'dog');
    await passCheckpoint();
    const engines = worker.logs.filter(({ msg }) => msg === 'engine started');
    process.kill(Number(engines.at(-1)?.enginePid), 'SIGKILL');
    await expectOneEnd(channel, 'Engines end');
    expect(worker.logs.filter(({ msg }) => msg === 'engine started')).toHaveLength(
      engines.length + 1,
    );
    const [line] = worker.logs.filter(isReady).slice(earlier);
    expect(line?.resumedFromStep).toBeGreaterThanOrEqual(CHECKPOINT_STEPS);
  });

  it('both end when they are told to', async () => {
    expect(await Promise.all([bot.end('SIGTERM'), worker.end('SIGTERM')])).toEqual([0, 0]);
  });
});

describe('the embedded mode, all in one process', { timeout }, () => {
  let channel: TestChannel;
  let embedded: Spawned | undefined;
  const dataDir = path.join(folder, 'embedded');

  const start = async () => {
    const { application, urls } = channel.playground;
    const options = {
      dataDir,
      baseCheckpointDir: base,
      discord: { token: application.token, applicationId: application.id, apiUrl: urls.api },
      attachmentOrigin: new URL(urls.cdn).origin,
      timings: { outboxMs: 100, progressMs: 100, editMs: 500 },
      acknowledgeNoOutputClassifier: false,
    };
    embedded = spawnScript('playground/demo/embedded.ts', { args: [JSON.stringify(options)] });
    await embedded.waitForLog('ready', ({ msg }) => msg === 'ready');
    return embedded;
  };
  beforeAll(async () => {
    mkdirSync(dataDir);
    channel = await openTestChannel();
  }, timeout);
  afterAll(async () => {
    await embedded?.end('SIGTERM');
    await channel.close();
  }, timeout);

  it('a training whose process is killed while it runs ends once, with one message', async () => {
    const killed = await start();
    await channel.train('Both end', 'dog');
    await channel.seeStep('Both end', CHECKPOINT_STEPS + 1);
    const { enginePid } = await killed.waitForLog('engine', ({ msg }) => msg === 'engine started');
    await killed.end('SIGKILL');
    await expect.poll(() => isAlive(Number(enginePid)), { timeout: 60_000 }).toBe(false);
    const again = await start();
    await expectOneEnd(channel, 'Both end');
    await expectResumed(again);
    expect(await again.end('SIGTERM')).toBe(0);
  });
});
