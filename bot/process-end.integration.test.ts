/** @file The bot as its own process, when it dies: nobody waits in vain, and it ends where it cannot go on. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createTestDatabase,
  missingTestServices,
  startTestServices,
} from '#db/testing/services.ts';
import { createManualClock } from '#playground/clock.ts';
import { type Spawned, spawnScript } from '#playground/demo/testing/spawned.ts';
import { readText } from '#playground/message-parts.ts';
import { type Playground, startPlayground } from '#playground/server.ts';
import { generateMasterKey } from '#storage/keys.ts';
import { makePhotos, until } from './testing/bot-stage.ts';

const timeout = 280_000;
const missing = missingTestServices();
const title = 'the process of the bot';
describe.skipIf(missing)(missing ? `${title} (${missing})` : title, { timeout }, () => {
  const closers: (() => unknown)[] = [];
  let playground: Playground;
  let bot: Spawned;
  let startBot: () => Promise<Spawned>;

  beforeAll(async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'bot-end-'));
    closers.push(() => rmSync(folder, { recursive: true, force: true }));
    const services = await startTestServices();
    closers.push(() => services.stop());
    const database = await createTestDatabase(services.postgresUrl);
    closers.push(() => database.drop());
    // Discord's clock stands still: a busy machine breaks no 3 s rule.
    playground = await startPlayground({ clock: createManualClock() });
    closers.push(() => playground.close());
    const { application, urls } = playground;
    const discord = {
      DISCORD_TOKEN: application.token,
      DISCORD_APPLICATION_ID: application.id,
      DISCORD_API_URL: urls.api,
    };
    const env = {
      ...discord,
      DATABASE_URL: database.url,
      FILES_DIR: path.join(folder, 'files'),
      FILES_KEY: generateMasterKey(),
      ATTACHMENT_ORIGINS: new URL(urls.cdn).origin,
    };
    startBot = async () => {
      const started = spawnScript('bot/main.ts', { env });
      closers.push(() => started.end('SIGTERM'));
      await started.waitForLog('a ready bot', ({ msg }) => msg === 'bot ready');
      return started;
    };
    expect(await spawnScript('bot/deploy-commands.ts', { env: discord }).ended).toBe(0);
    bot = await startBot();
  }, timeout);
  afterAll(async () => {
    for (const close of closers.reverse()) await close();
  }, timeout);

  it('killed while photos are on their way, leaves no user without a word', async () => {
    playground.fault({ kind: 'silent', route: '/cdn/*', times: 3 });
    const photos = await makePhotos(3);
    const sent = await playground.command({
      ...{ user: 'ada', name: 'train', options: { class: 'dog', name: 'Rex', consent: true } },
      files: Object.fromEntries(photos.map((photo, i) => [`photo${i + 1}`, photo])),
      timeoutMs: timeout,
    });
    expect(sent).toMatchObject({ callbackType: 5, loading: true });
    await until(() => playground.log().some(({ kind }) => kind === 'cdn'), 'photos on their way');
    await bot.end('SIGKILL');
    bot = await startBot();
    const told = () =>
      playground
        .messages()
        .filter((message) => readText(message).startsWith(`<@${playground.users.ada?.id}> My`));
    await until(() => told().length > 0, 'a word', timeout);
    expect(await playground.outcome(sent.interactionId)).toMatchObject({ loading: true });
    await bot.end('SIGKILL');
    bot = await startBot();
    expect(told()).toHaveLength(1);
  });

  it('ends with 1 when Discord ends its session for good, so that a supervisor starts it anew', async () => {
    playground.fault({ kind: 'close-gateway', code: 4014 });
    expect(await bot.ended).toBe(1);
    bot = await startBot();
  });

  it('ends with 1 when Discord no longer takes its token', async () => {
    playground.fault({ kind: '401', route: '/webhooks/*', times: 9 });
    await playground.command({ user: 'ada', name: 'jobs', subcommand: 'list', timeoutMs: timeout });
    expect(await bot.ended).toBe(1);
    playground.clearFaults();
    bot = await startBot();
    await until(
      () =>
        playground.messages().filter((message) => readText(message).includes('> My answer to you'))
          .length === 2,
      'a word about the answer that was lost',
      timeout,
    );
  });
});
