/** @file What a community needs: Postgres, Redis, a playground with servers full of people, bot and worker as processes. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Database, openDatabase } from '#db/client.ts';
import { keepPastRows } from '#db/testing/past-rows.ts';
import { createTestDatabase, startTestServices } from '#db/testing/services.ts';
import { createManualClock } from '#playground/clock.ts';
import { type Spawned, spawnScript } from '#playground/demo/testing/spawned.ts';
import { createOpenApiValidator } from '#playground/openapi.ts';
import { type Playground, startPlayground } from '#playground/server.ts';
import type { ChannelRecord, GuildRecord, UserRecord } from '#playground/world.ts';
import { generateMasterKey } from '#storage/keys.ts';
import { writeTinyCheckpoint } from '#worker/testing/tiny-checkpoint.ts';
import { type Gone, watchDeletions } from './deletions.ts';

/** The channel of a server's gallery. */
export const FORUM = 'forum';
/** The channel that moderators alone see. */
export const MODERATORS = 'moderators';

/** A server with its people and the text channels that they use. */
export interface Neighbourhood {
  readonly guild: GuildRecord;
  readonly owner: UserRecord;
  readonly people: readonly UserRecord[];
  readonly channels: readonly ChannelRecord[];
}

/** Everything, running. */
export interface CommunityStage {
  readonly playground: Playground;
  readonly neighbourhoods: readonly Neighbourhood[];
  readonly database: Database;
  readonly bot: Spawned;
  readonly worker: Spawned;
  readonly gone: Gone;
  /** Whether bodies are held against Discord's own description of its API: where that file is at hand. */
  readonly isValidated: boolean;
  close(): Promise<void>;
}

const openApiPath = fileURLToPath(
  new URL('../../shared/data/discord/openapi.json', import.meta.url),
);

/** Discord's limits slow the posts down, not the acknowledgements; they have tests of their own. */
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

/** Starts it. @param users in all, spread over so many servers */
export async function startCommunityStage({
  users,
  guilds,
}: {
  users: number;
  guilds: number;
}): Promise<CommunityStage> {
  const closers: (() => unknown)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const folder = mkdtempSync(path.join(tmpdir(), 'community-'));
    closers.push(() => rmSync(folder, { recursive: true, force: true }));
    const services = await startTestServices();
    closers.push(() => services.stop());
    const testDatabase = await createTestDatabase(services.postgresUrl);
    closers.push(() => testDatabase.drop());
    const isValidated = existsSync(openApiPath);
    const playground = await startPlayground({
      // Discord's clock stands still, so that a busy machine loses no interaction; lateness is measured instead.
      clock: createManualClock(),
      rateLimits: noRateLimits,
      userNames: ['owner-0'],
      ...(isValidated ? { validate: createOpenApiValidator(openApiPath) } : {}),
    });
    closers.push(() => playground.close());
    const neighbourhoods = settle(playground, users, guilds);
    const base = writeTinyCheckpoint(path.join(folder, 'base'), {
      seed: 1,
      training: { maxTrainSteps: 2, checkpointingSteps: 1 },
    });
    const { application, urls } = playground;
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
    const start = async (script: string, env: Record<string, string>, ready: string) => {
      const started = spawnScript(script, { env: { ...shared, ...env } });
      closers.push(() => started.end('SIGTERM'));
      await started.waitForLog(ready, ({ msg }) => msg === ready);
      return started;
    };
    if ((await spawnScript('bot/deploy-commands.ts', { env: discord }).ended) !== 0) {
      throw new Error('the commands could not be registered');
    }
    const [bot, worker] = await Promise.all([
      start(
        'bot/main.ts',
        { ...discord, ATTACHMENT_ORIGINS: new URL(urls.cdn).origin },
        'bot ready',
      ),
      start('gpu-worker/main.ts', { WORK_DIR: path.join(folder, 'work') }, 'worker started'),
    ]);
    const database = await openDatabase(testDatabase.url);
    closers.push(() => database.close());
    await keepPastRows(database.db);
    const gone = watchDeletions(playground.world);
    return { playground, neighbourhoods, database, bot, worker, gone, isValidated, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Fills the servers: each has an owner, its share of the people, a role, two text channels to use, and two for the bot. */
function settle(playground: Playground, users: number, guilds: number): Neighbourhood[] {
  const named = (name: string, guild: string) =>
    playground.user(playground.createUser({ username: name, guild, locale: localeOf(name) }).id);
  return Array.from({ length: guilds }, (_, index) => {
    const owner =
      index === 0
        ? playground.user('owner-0')
        : playground.createUser({ username: `owner-${index}` });
    const guild =
      index === 0
        ? playground.guild
        : playground.createGuild({ name: `server-${index}`, owner: owner.id });
    const size = Math.floor(users / guilds) + (index < users % guilds ? 1 : 0);
    const people = Array.from({ length: size - 1 }, (_, nr) =>
      named(`person-${index}-${nr}`, guild.id),
    );
    const members = people.filter((_, nr) => nr % 3 === 0).map(({ id }) => id);
    playground.createRole({ name: 'artists', guild: guild.id, members });
    playground.createChannel({ name: 'art', guild: guild.id });
    const channels = [...playground.world.channels.values()].filter(
      ({ guildId, type }) => guildId === guild.id && type === 0,
    );
    playground.createChannel({ name: FORUM, guild: guild.id, type: 15 });
    playground.createChannel({ name: MODERATORS, guild: guild.id });
    return { guild, owner, people: [owner, ...people], channels };
  });
}

/** Every third reads German. */
const localeOf = (name: string) => (Number(name.split('-').at(-1)) % 3 === 1 ? 'de' : 'en-US');
