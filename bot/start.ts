/** @file Starts the bot on an open database, queue and store: as its own process (main.ts) or inside another one. */
import { Client, Events, GatewayIntentBits, REST } from 'discord.js';
import type { Logger } from 'pino';
import type { Database } from '#db/client.ts';
import type { TrainSettings } from '#db/jobs/train-subject.ts';
import { loseLeftAnswers } from '#db/queries/owed-answers.ts';
import type { JobQueue } from '#db/queue.ts';
import { enqueueOpenRows } from '#db/sweep.ts';
import { closePhotoDecoder } from '#storage/decode/decode-photo.ts';
import type { MasterKey } from '#storage/keys.ts';
import { discordCdnHosts } from '#storage/remote/fetch-remote-file.ts';
import type { Store } from '#storage/store.ts';
import type { ClassNouns } from './class-nouns.ts';
import { deployCommands } from './commands/deploy.ts';
import { createCommandDirectory } from './commands/directory.ts';
import type { BotContext } from './context.ts';
import { withDeadline } from './deadline.ts';
import { createForum } from './delivery/forum.ts';
import { createKeyedLock } from './delivery/keyed-lock.ts';
import { startLoop } from './delivery/loop.ts';
import { createLostAnswers } from './delivery/lost-answers.ts';
import { createOutbox } from './delivery/outbox.ts';
import { patientRequest } from './delivery/patient-request.ts';
import { createPoster } from './delivery/poster.ts';
import { createProgress } from './delivery/progress.ts';
import { removeDeletedRenditions } from './delivery/remove-deleted.ts';
import { watchHealth } from './health.ts';
import { finishDeletions } from './intake/delete-subject.ts';
import { discardUsedStartPictures } from './intake/start-picture.ts';
import { discardOldDrafts } from './intake/training-drafts.ts';
import { createReactionReader } from './interactions/missed-reactions.ts';
import { countReactions } from './interactions/reactions.ts';
import { routeInteractions } from './interactions/route.ts';
import { type BasePresets, paperPresets } from './presets.ts';
import { defaultRenditionLimits, type RenditionLimits } from './rendition-limits.ts';

/** How often the bot looks and how long it waits, in milliseconds. */
export interface BotTimings {
  /** Looking for outcomes to deliver. */
  readonly outboxMs: number;
  /** Looking for changed trainings and renditions. */
  readonly progressMs: number;
  /** Between two edits of one message. */
  readonly editMs: number;
  /** How long a rendition takes before a message shows how far it is. */
  readonly renditionProgressMs: number;
  /** Between two sweeps for rows without a job and for unfinished deletions. */
  readonly sweepMs: number;
  /** Between two readings of the reactions under published pictures, beside those at each start and new session. */
  readonly reactionsMs: number;
  /** How long the gateway may be down before the bot asks to be started anew. */
  readonly gatewayDownMs: number;
  /** How long a stop waits for interactions under way. */
  readonly drainMs: number;
}

/** What the bot is started with. The caller opens and closes what it passes. */
export interface BotDependencies {
  readonly discord: {
    readonly token: string;
    readonly applicationId: string;
    /** Another API root than Discord's, without version: `http://127.0.0.1:4000/api`. */
    readonly apiUrl?: string | undefined;
  };
  readonly database: Database;
  readonly queue: JobQueue;
  readonly store: Store;
  readonly masterKey: MasterKey;
  readonly logger: Logger;
  /** The base's closed list, see `readClassNouns`; null where any noun goes. Read each time: it may be a getter. */
  readonly classNouns: ClassNouns;
  /** What the base can do, see `readPresets`; absent: all presets of the paper. It may be a getter. */
  readonly presets?: BasePresets;
  /** Hosts, or `http://127.0.0.1:PORT` origins, from which photos are taken besides Discord's own. */
  readonly attachmentOrigins?: readonly string[];
  /** Settings of every training that the deployment chooses, such as a fixed seed. */
  readonly trainSettings?: Partial<TrainSettings>;
  /** Those that differ from {@link defaultRenditionLimits}. */
  readonly renditionLimits?: Partial<RenditionLimits>;
  /** Registers the slash commands first. */
  readonly deployCommands?: boolean;
  readonly timings?: Partial<BotTimings>;
  /** The bot cannot go on (a dead token, a dead gateway): end the process, or stop and start the bot. Called once. */
  readonly onFatal: (reason: string) => void;
}

/** A running bot. */
export interface RunningBot {
  isHealthy(): boolean;
  /** Finishes what is under way, then leaves Discord. What is not done yet is in rows. Safe to call twice. */
  stop(): Promise<void>;
}

const defaultTimings: BotTimings = {
  outboxMs: 1_000,
  progressMs: 1_000,
  editMs: 5_000,
  renditionProgressMs: 4_000,
  sweepMs: 30_000,
  reactionsMs: 24 * 3_600_000,
  gatewayDownMs: 90_000,
  drainMs: 10_000,
};

const READY_MS = 60_000;
/** A request with files may take this long. */
const REST_TIMEOUT_MS = 60_000;

/**
 * Starts the bot.
 *
 * @returns once it is connected
 * @throws {Error} when Discord cannot be reached or refuses the token
 */
export async function startBot(dependencies: BotDependencies): Promise<RunningBot> {
  const { discord, queue, store, masterKey, logger } = dependencies;
  const { db } = dependencies.database;
  const timings = { ...defaultTimings, ...dependencies.timings };
  if (dependencies.deployCommands) await deployCommands(discord);

  let isOver = false;
  const onRestart = (reason: string) => {
    if (isOver) return;
    isOver = true;
    logger.fatal({ reason }, 'the connection to Discord is beyond repair');
    dependencies.onFatal(reason);
  };
  const client = new Client({
    intents: [GatewayIntentBits.Guilds, GatewayIntentBits.GuildMessageReactions],
    allowedMentions: { parse: [], repliedUser: false },
    rest: {
      timeout: REST_TIMEOUT_MS,
      makeRequest: patientRequest,
      ...(discord.apiUrl ? { api: discord.apiUrl } : {}),
    },
  });
  const health = watchHealth(client, { logger, downLimitMs: timings.gatewayDownMs, onRestart });
  const poster = createPoster(client.rest);
  const once = new REST({ ...client.rest.options, retries: 0 }).setToken(discord.token);
  const forum = createForum(client.rest, once);
  const lock = createKeyedLock();
  const showProgress = createProgress({
    db,
    queue,
    store,
    poster,
    lock,
    logger,
    editIntervalMs: timings.editMs,
    renditionAfterMs: timings.renditionProgressMs,
    onRestart,
  });
  const deliverOutcomes = createOutbox({ db, store, poster, forum, lock, logger, onRestart });
  const tellLostAnswers = createLostAnswers({ db, poster, logger, onRestart });
  const deliver = async () => {
    await Promise.all([deliverOutcomes(), tellLostAnswers()]);
  };
  const sweep = async () => {
    const added = await enqueueOpenRows(db, queue);
    if (added > 0) logger.info({ added }, 'jobs added for rows that had none');
    await finishDeletions({ db, store });
    await discardUsedStartPictures({ db, store });
    await discardOldDrafts({ db, store });
    await removeDeletedRenditions({ db, store, poster, logger });
  };

  try {
    const ready = new Promise<void>((resolve) => client.once(Events.ClientReady, () => resolve()));
    await client.login(discord.token);
    await withDeadline(ready, READY_MS);
    const left = await loseLeftAnswers(db);
    if (left > 0) logger.warn({ left }, 'an earlier process left interactions unanswered');
  } catch (error) {
    health.stop();
    await client.destroy();
    throw error;
  }

  const progressLoop = startLoop('progress', timings.progressMs, logger, showProgress);
  const outboxLoop = startLoop('outbox', timings.outboxMs, logger, deliver);
  const sweepLoop = startLoop('sweep', timings.sweepMs, logger, sweep);
  const bot: BotContext = {
    db,
    queue,
    store,
    masterKey,
    logger,
    get classNouns() {
      return dependencies.classNouns;
    },
    get presets() {
      return dependencies.presets ?? paperPresets;
    },
    attachmentHosts: [...discordCdnHosts, ...(dependencies.attachmentOrigins ?? [])],
    trainSettings: dependencies.trainSettings ?? {},
    renditionLimits: { ...defaultRenditionLimits, ...dependencies.renditionLimits },
    listCommands: createCommandDirectory(client.rest, discord.applicationId, logger),
    showProgress: () => progressLoop.kick(),
    tidy: () => sweepLoop.kick(),
    deliver: () => outboxLoop.kick(),
  };
  const router = routeInteractions(client, bot, onRestart);
  const ending = new AbortController();
  const reader = createReactionReader({
    ...{ db, logger, onRestart },
    rest: client.rest,
    signal: ending.signal,
  });
  countReactions(client, bot, reader.touch);
  const reactionsLoop = startLoop('reactions', timings.reactionsMs, logger, reader.read);
  // A new session; what happened since the last one is told to nobody. A resumed one makes up for it by itself.
  client.on(Events.ShardReady, () => reactionsLoop.kick());
  logger.info({ applicationId: discord.applicationId }, 'bot ready');

  let stopping: Promise<void> | undefined;
  return {
    isHealthy: () => !isOver && health.isHealthy(),
    stop() {
      stopping ??= (async () => {
        isOver = true;
        ending.abort();
        await router.drain(timings.drainMs);
        const loops = [progressLoop, outboxLoop, sweepLoop, reactionsLoop];
        await Promise.all(loops.map((loop) => loop.stop()));
        health.stop();
        await client.destroy();
        closePhotoDecoder();
        logger.info('bot stopped');
      })();
      return stopping;
    },
  };
}
