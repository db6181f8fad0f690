/** @file Keeps a message for each open row up to date: posted once, edited when it says something new, at most every 5 s. */
import type { Logger } from 'pino';
import { classifyFailure, discordCodes, isDiscordCode } from '../discord-failure.ts';
import type { MessageView } from '../views/message-view.ts';
import type { KeyedLock } from './keyed-lock.ts';
import { isEditable } from './message-age.ts';
import type { Poster } from './poster.ts';

/** What {@link createLiveMessages} needs. */
export interface LiveOptions {
  readonly poster: Poster;
  readonly lock: KeyedLock;
  readonly logger: Logger;
  /** Least time between two edits of one message. */
  readonly editIntervalMs: number;
  /** Called when Discord no longer takes our token. */
  readonly onRestart: (reason: string) => void;
}

/** A row that is not over. */
export interface LiveRow {
  readonly id: string;
  readonly channelId: string;
  /** The message that shows it; null before the first. */
  readonly messageId: string | null;
  /** Another text when the message has something new to say. */
  readonly state: string;
  build(): Promise<MessageView>;
}

/** Rows of one kind. */
export interface LiveRows {
  /** For logs, and its first letters for nonces. */
  readonly what: 'training' | 'rendition';
  /** Those that are to be shown now. */
  list(): Promise<readonly LiveRow[]>;
  /** @returns the row as it is now, undefined once it is over */
  read(id: string): Promise<LiveRow | undefined>;
  /** Remembers which message shows it. */
  remember(id: string, messageId: string): Promise<void>;
}

/** What was last shown, and when the message may be touched again. Lost at a restart, which costs one edit. */
interface Shown {
  state: string;
  notBefore: number;
  failures: number;
}

const MAX_BACKOFF_MS = 300_000;

/** @returns the work to be repeated: one look at every row that is to be shown */
export function createLiveMessages(options: LiveOptions, rows: LiveRows): () => Promise<void> {
  const { poster, lock, logger } = options;
  const { what } = rows;
  const shown = new Map<string, Shown>();

  async function show(id: string): Promise<void> {
    // The row is read again under the lock: once its outcome was delivered, nothing may overwrite it.
    const row = await rows.read(id);
    if (!row) return;
    const before = shown.get(id) ?? { state: '', notBefore: 0, failures: 0 };
    if (row.messageId !== null && before.state === row.state) return;
    const notBefore = Date.now() + options.editIntervalMs;
    try {
      await write(row);
      shown.set(id, { state: row.state, notBefore, failures: 0 });
    } catch (error) {
      const failure = classifyFailure(error);
      if (failure.kind === 'restart') options.onRestart(failure.code);
      const failures = before.failures + 1;
      const backoffMs = Math.min(MAX_BACKOFF_MS, 1000 * 2 ** failures);
      const delayMs = failure.kind === 'give-up' ? MAX_BACKOFF_MS : (failure.delayMs ?? backoffMs);
      shown.set(id, { ...before, failures, notBefore: Date.now() + delayMs });
      logger.warn({ id, code: failure.code, delayMs }, `${what} message not written`);
    }
  }

  async function write({ id, channelId, messageId: old, build }: LiveRow): Promise<void> {
    const view = await build();
    if (old === null) {
      const messageId = await poster.post(channelId, view, firstNonce(what, id));
      await rows.remember(id, messageId);
      logger.info({ id, messageId }, `${what} message posted`);
    } else if (!isEditable(old) || !(await edit(channelId, old, view))) {
      const messageId = await poster.post(channelId, view, `again-${old}`);
      await rows.remember(id, messageId);
      await poster.remove(channelId, old).catch(() => undefined);
      logger.info({ id, messageId, old }, `${what} message posted again`);
    }
  }

  /** @returns false where a moderator deleted the message, or Discord no longer edits it */
  async function edit(channelId: string, messageId: string, view: MessageView): Promise<boolean> {
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
    const open = await rows.list();
    const openIds = new Set(open.map(({ id }) => id));
    for (const id of shown.keys()) if (!openIds.has(id)) shown.delete(id);
    const due = open.filter(({ id, state }) => {
      const before = shown.get(id);
      return !before || (Date.now() >= before.notBefore && before.state !== state);
    });
    await Promise.all(due.map(({ id }) => lock(id, () => show(id))));
  };
}

/** The same for every try at a row's first message: a crash between posting and remembering posts once. */
function firstNonce(what: LiveRows['what'], id: string): string {
  const prefix = { training: 'run', rendition: 'ren' }[what];
  return `${prefix}${Buffer.from(id.replaceAll('-', ''), 'hex').toString('base64url')}`;
}
