/** @file Keeps each open training's message up to date: posted once, edited when it says something new, at most every 5 s. */
import type { Logger } from 'pino';
import type { Db } from '#db/client.ts';
import {
  getTrainingRunWithSubject,
  listOpenTrainingRuns,
  setTrainingProgressMessage,
} from '#db/queries/training-runs.ts';
import { isTerminal } from '#db/schema/status.ts';
import { classifyFailure, discordCodes, isDiscordCode } from '../discord-failure.ts';
import { trainingProgress } from '../views/training.ts';
import type { KeyedLock } from './keyed-lock.ts';
import { isEditable } from './message-age.ts';
import type { Poster } from './poster.ts';

/** What {@link createProgress} needs. */
export interface ProgressOptions {
  readonly db: Db;
  readonly poster: Poster;
  readonly lock: KeyedLock;
  readonly logger: Logger;
  /** Least time between two edits of one message. */
  readonly editIntervalMs: number;
  /** Called when Discord no longer takes our token. */
  readonly onRestart: (reason: string) => void;
}

/** What was last shown, and when the message may be touched again. Lost at a restart, which costs one edit. */
interface Shown {
  text: string;
  notBefore: number;
  failures: number;
}

const MAX_BACKOFF_MS = 300_000;

/** @returns the work to be repeated: one look at every open training */
export function createProgress(options: ProgressOptions): () => Promise<void> {
  const { db, poster, lock, logger } = options;
  const shown = new Map<string, Shown>();

  async function show(runId: string): Promise<void> {
    // The row is read again under the lock: once its outcome was delivered, nothing may overwrite it.
    const row = await getTrainingRunWithSubject(db, runId);
    if (!row || isTerminal(row.run.status)) return;
    const { run, subject } = row;
    const view = trainingProgress(run, subject);
    const text = JSON.stringify([view.content, view.components]);
    const before = shown.get(runId) ?? { text: '', notBefore: 0, failures: 0 };
    if (run.progressMessageId !== null && before.text === text) return;
    const notBefore = Date.now() + options.editIntervalMs;
    try {
      const old = run.progressMessageId;
      if (old === null) {
        const messageId = await poster.post(run.channelId, view, firstNonce(runId));
        await setTrainingProgressMessage(db, runId, messageId);
        logger.info({ runId, messageId }, 'training message posted');
      } else if (!isEditable(old) || !(await edit(run.channelId, old, view))) {
        const messageId = await poster.post(run.channelId, view, `again-${old}`);
        await setTrainingProgressMessage(db, runId, messageId);
        await poster.remove(run.channelId, old).catch(() => undefined);
        logger.info({ runId, messageId, old }, 'training message posted again');
      }
      shown.set(runId, { text, notBefore, failures: 0 });
    } catch (error) {
      const failure = classifyFailure(error);
      if (failure.kind === 'restart') options.onRestart(failure.code);
      const failures = before.failures + 1;
      const backoffMs = Math.min(MAX_BACKOFF_MS, 1000 * 2 ** failures);
      const delayMs = failure.kind === 'give-up' ? MAX_BACKOFF_MS : (failure.delayMs ?? backoffMs);
      shown.set(runId, { ...before, failures, notBefore: Date.now() + delayMs });
      logger.warn({ runId, code: failure.code, delayMs }, 'training message not written');
    }
  }

  /** @returns false where a moderator deleted the message, or Discord no longer edits it */
  async function edit(channelId: string, messageId: string, view: Parameters<Poster['edit']>[2]) {
    try {
      await poster.edit(channelId, messageId, view);
      return true;
    } catch (error) {
      const { unknownMessage, tooManyEditsOfOldMessage } = discordCodes;
      if (isDiscordCode(error, unknownMessage, tooManyEditsOfOldMessage)) return false;
      throw error;
    }
  }

  return async () => {
    const open = await listOpenTrainingRuns(db);
    const openIds = new Set(open.map(({ run }) => run.id));
    for (const runId of shown.keys()) if (!openIds.has(runId)) shown.delete(runId);
    const due = open.filter(({ run, subject }) => {
      const before = shown.get(run.id);
      if (!before) return true;
      if (Date.now() < before.notBefore) return false;
      const view = trainingProgress(run, subject);
      return before.text !== JSON.stringify([view.content, view.components]);
    });
    await Promise.all(due.map(({ run }) => lock(run.id, () => show(run.id))));
  };
}

/** The same for every try at a run's first message: a crash between posting and remembering posts once. */
function firstNonce(runId: string): string {
  return `run${Buffer.from(runId.replaceAll('-', ''), 'hex').toString('base64url')}`;
}
