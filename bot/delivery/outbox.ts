/** @file The outbox: tells Discord what changed, until Discord has it. */

import type { Logger } from 'pino';
import {
  claimDeliveries,
  markDelivered,
  rescheduleDelivery,
} from '#db/queries/outbox-deliveries.ts';
import { setRenditionMessage } from '#db/queries/renditions.ts';
import { setTrainingMessage } from '#db/queries/training-runs.ts';
import type { DeliveryKind, OutboxDelivery } from '#db/schema/outbox-deliveries.ts';
import type { BotContext } from '../context.ts';
import { classifyFailure, discordCodes, isDiscordCode } from '../discord-failure.ts';
import { readRenditionMessage } from '../intake/rendition-message.ts';
import { readTrainingCard } from '../intake/training-card.ts';
import { type MessageView, withoutFiles } from '../views/message-view.ts';
import { inPublicLocale } from '../words/public-locale.ts';
import type { Forum } from './forum.ts';
import { mirrorGalleryPost, mirrorPublishRequest } from './gallery.ts';
import type { KeyedLock } from './keyed-lock.ts';
import { isEditable } from './message-age.ts';
import type { Poster } from './poster.ts';
import { reachUser } from './reach-user.ts';
import { mirrorReport } from './reports.ts';

/** What {@link createOutbox} needs. */
export interface OutboxOptions extends Pick<BotContext, 'db' | 'store' | 'logger'> {
  readonly poster: Poster;
  readonly forum: Forum;
  readonly lock: KeyedLock;
  /** Called when Discord no longer takes our token. */
  readonly onRestart: (reason: string) => void;
}

/** Longer than a request can take, so that a claim is not given to somebody else while we still send. */
const LEASE_MS = 180_000;
const CLAIMS = 10;
/** With the queries' backoff about two days; whoever wants the result after that asks again. */
const MAX_ATTEMPTS = 600;

/** @returns the work to be repeated: deliver everything that is due */
export function createOutbox(options: OutboxOptions): () => Promise<void> {
  const { db } = options;
  return async () => {
    for (;;) {
      const claims = await claimDeliveries(db, { limit: CLAIMS, leaseMs: LEASE_MS });
      await Promise.all(claims.map((delivery) => deliver(options, delivery)));
      if (claims.length < CLAIMS) return;
    }
  };
}

async function deliver(options: OutboxOptions, delivery: OutboxDelivery): Promise<void> {
  const { db } = options;
  const logger: Logger = options.logger.child({
    deliveryId: delivery.id,
    kind: delivery.kind,
    refId: delivery.refId,
    attempt: delivery.attempts,
  });
  try {
    const send = senders[delivery.kind];
    const messageId = await options.lock(delivery.refId, () => send(options, delivery));
    await markDelivered(db, delivery, messageId);
    logger.info({ messageId, outcome: delivery.payload?.outcome }, 'delivered');
  } catch (error) {
    const failure = classifyFailure(error);
    if (failure.kind === 'restart') options.onRestart(failure.code);
    const status = await rescheduleDelivery(db, delivery, {
      errorCode: failure.code,
      permanent: failure.kind === 'give-up',
      maxAttempts: MAX_ATTEMPTS,
      ...(failure.delayMs === undefined ? {} : { delayMs: failure.delayMs }),
    });
    const level = status === 'failed' ? 'error' : 'warn';
    logger[level]({ err: error, code: failure.code, status }, 'not delivered');
  }
}

/** Sends what a row has to tell. @returns the message that tells it, where there is one */
type Sender = (options: OutboxOptions, delivery: OutboxDelivery) => Promise<string | null>;

const senders = {
  training: deliverTraining,
  rendition: deliverRendition,
  'gallery-post': mirrorGalleryPost,
  'publish-request': mirrorPublishRequest,
  report: mirrorReport,
} as const satisfies Record<DeliveryKind, Sender>;

async function deliverTraining(
  options: OutboxOptions,
  delivery: OutboxDelivery,
): Promise<string | null> {
  const card = await readTrainingCard(options, delivery);
  if (!card) return null;
  const { run } = card;
  const view = await inPublicLocale(options.db, run, card.build);
  const last = { ...run, view, small: withoutFiles(view), nonce: delivery.nonce };
  return showLast(options, last, (place) => setTrainingMessage(options.db, run.id, place));
}

async function deliverRendition(
  options: OutboxOptions,
  delivery: OutboxDelivery,
): Promise<string | null> {
  const card = await readRenditionMessage(options, delivery);
  if (!card) return null;
  const { rendition } = card;
  const views = await inPublicLocale(options.db, rendition, () => ({
    view: card.build(),
    small: card.buildWithoutFiles(),
  }));
  const last = { ...rendition, ...views, nonce: delivery.nonce };
  return showLast(options, last, (place) => setRenditionMessage(options.db, rendition.id, place));
}

/** A row's last message, and where the row was shown so far. */
interface LastMessage {
  readonly userId: string;
  readonly channelId: string;
  /** The message that showed the row while it was open. */
  readonly progressMessageId: string | null;
  readonly view: MessageView;
  /** For when the files are too large. */
  readonly small: MessageView;
  readonly nonce: string;
}

/** Where a row is shown. */
interface ShownAt {
  readonly channelId: string;
  readonly messageId: string;
}

/** Shows it in the row's channel, or to the user directly. @returns the message's id */
async function showLast(
  options: OutboxOptions,
  { view, small, ...last }: LastMessage,
  remember: (place: ShownAt) => Promise<void>,
): Promise<string> {
  return reachUser(options, last, async (channelId) => {
    const old = channelId === last.channelId ? last.progressMessageId : null;
    const place = { channelId, old, nonce: last.nonce };
    return withoutLargeFiles(view, small, (message) =>
      replaceOrPost(options.poster, place, message, (messageId) =>
        remember({ channelId, messageId }),
      ),
    );
  });
}

/** The message that showed a row while it was open becomes its last one; where that cannot be, a new one takes its place. */
async function replaceOrPost(
  poster: Poster,
  { channelId, old, nonce }: { channelId: string; old: string | null; nonce: string },
  message: MessageView,
  remember: (messageId: string) => Promise<void>,
): Promise<string> {
  if (old !== null && isEditable(old)) {
    try {
      await poster.edit(channelId, old, message);
      return old;
    } catch (error) {
      const { unknownMessage, tooManyEditsOfOldMessage } = discordCodes;
      if (!isDiscordCode(error, unknownMessage, tooManyEditsOfOldMessage)) throw error;
    }
  }
  const messageId = await poster.post(channelId, message, nonce);
  await remember(messageId);
  if (old !== null && old !== messageId) {
    await poster.remove(channelId, old).catch(() => undefined);
  }
  return messageId;
}

/** Where Discord finds the files too large, another message goes without them. */
async function withoutLargeFiles(
  view: MessageView,
  small: MessageView,
  send: (view: MessageView) => Promise<string>,
): Promise<string> {
  try {
    return await send(view);
  } catch (error) {
    if (view.files.length === 0 || !isDiscordCode(error, discordCodes.tooLarge)) throw error;
    return await send(small);
  }
}
