/** @file What was deleted while a crowd acted, and which errors it explains. */
import {
  type FailedJob,
  listUndelivered,
  listUnexplainedFailures,
  wasFileDeleted,
} from '#db/testing/past-rows.ts';
import type { LogLine } from '#playground/demo/testing/spawned.ts';
import type { World } from '#playground/world.ts';
import type { CommunityStage } from './stage.ts';

/** When messages, threads and channels went: milliseconds since 1970, by id. */
export type Gone = ReadonlyMap<string, number>;

/** Starts to remember. */
export function watchDeletions(world: World): Gone {
  const gone = new Map<string, number>();
  world.onDispatch(({ event, data }) => {
    if (event === 'MESSAGE_DELETE' || event === 'THREAD_DELETE' || event === 'CHANNEL_DELETE') {
      gone.set((data as { id: string }).id, Date.now());
    }
  });
  return gone;
}

/** Of pino: error and fatal. */
const ERROR = 50;
const UNKNOWN_CHANNEL = 10003;
const UNKNOWN_MESSAGE = 10008;

/** Lines of errors. */
export interface LoggedErrors {
  /** Each is about something of which the playground or a row says that it had been deleted by then. */
  readonly explained: readonly LogLine[];
  readonly unexplained: readonly LogLine[];
}

/** Reads the logs. */
export async function readErrors(stage: CommunityStage): Promise<LoggedErrors> {
  const explained: LogLine[] = [];
  const unexplained: LogLine[] = [];
  for (const line of [...stage.bot.logs, ...stage.worker.logs]) {
    if (!(Number(line.level) >= ERROR)) continue;
    ((await isExplained(stage, line)) ? explained : unexplained).push(line);
  }
  return { explained, unexplained };
}

async function isExplained(
  { database, playground, gone }: CommunityStage,
  line: LogLine,
): Promise<boolean> {
  const { code, url = '', message = '' } = (line.err ?? {}) as LoggedError;
  const atMs = Number(line.time);
  const [, fileId] = /^file (\S+) is not in the store/.exec(message) ?? [];
  if (fileId !== undefined) return wasFileDeleted(database.db, fileId, atMs);
  const isUnknown = [UNKNOWN_CHANNEL, UNKNOWN_MESSAGE].some(
    (unknown) => code === unknown || line.code === `discord-${unknown}`,
  );
  const { channelId } = playground.world.interactions.get(String(line.interactionId)) ?? {};
  const named = [...(url.match(/\d{17,20}/g) ?? []), ...(channelId ? [channelId] : [])];
  return isUnknown && named.some((id) => (gone.get(id) ?? Number.POSITIVE_INFINITY) <= atMs);
}

interface LoggedError {
  readonly code?: unknown;
  readonly url?: string;
  readonly message?: string;
}

/** @returns jobs that failed, and outcomes that were not told, although nothing was deleted or revoked */
export async function listUnexplainedEnds({ database, gone }: CommunityStage): Promise<string[]> {
  const failed = await listUnexplainedFailures(database.db);
  const undelivered = await listUndelivered(database.db);
  return [
    ...failed.map(({ kind, id, code }: FailedJob) => `${kind} ${id} failed: ${code}`),
    ...undelivered
      .filter(
        ({ code, channelId }) => code !== `discord-${UNKNOWN_CHANNEL}` || !gone.has(channelId),
      )
      .map(({ kind, code }) => `an outcome (${kind}) was not told: ${code}`),
  ];
}
