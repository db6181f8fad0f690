/** @file ⭐ that came or went while nobody listened: read again from Discord, under the newest published pictures. */
import { type APIUser, type REST, Routes } from 'discord.js';
import { listShownPosts } from '#db/queries/gallery-posts.ts';
import { alignReactions } from '#db/queries/gallery-votes.ts';
import type { BotContext } from '../context.ts';
import { sendInTime } from '../delivery/poster.ts';
import { classifyFailure } from '../discord-failure.ts';
import { STAR } from './reactions.ts';

/** What {@link createReactionReader} needs. */
export interface ReactionReaderOptions extends Pick<BotContext, 'db' | 'logger'> {
  readonly rest: REST;
  /** Ends the reading. */
  readonly signal: AbortSignal;
  /** Called when Discord no longer takes our token. */
  readonly onRestart: (reason: string) => void;
}

/** Reads what was missed. */
export interface ReactionReader {
  /** One look at every message, one after the other. */
  read(): Promise<void>;
  /** A reaction under this message was heard of: what is being read of it may be older. */
  touch(messageId: string): void;
}

/** Each takes a request or more at every start; under older ones hardly anybody votes. */
const POSTS = { limit: 100, days: 14 };
/** As many as Discord gives at once. */
const PAGE = 100;
/** Of a message with more, what was heard counts. */
const MAX_PAGES = 20;
/** People may react just while their reactions are read. */
const TRIES = 3;

/** Builds it. */
export function createReactionReader(options: ReactionReaderOptions): ReactionReader {
  const { db, logger, rest, signal } = options;
  let current: string | undefined;
  let isTouched = false;

  /** @returns undefined where there are too many */
  async function listStarGivers(channelId: string, messageId: string) {
    const route = Routes.channelMessageReaction(channelId, messageId, STAR);
    const found: APIUser[] = [];
    for (let page = 0; page < MAX_PAGES; page++) {
      const query = new URLSearchParams({ limit: String(PAGE), after: found.at(-1)?.id ?? '0' });
      const users = await sendInTime((timeout) =>
        rest.get(route, { query, signal: AbortSignal.any([signal, timeout]) }),
      );
      if (!Array.isArray(users)) throw new SyntaxError('Discord answered with something else');
      found.push(...(users as APIUser[]));
      if (users.length < PAGE) return found.flatMap(({ id, bot }) => (bot ? [] : id));
    }
    return undefined;
  }

  async function align(postId: string, channelId: string, messageId: string): Promise<number> {
    let changed = 0;
    for (let attempt = 0; attempt < TRIES; attempt++) {
      isTouched = false;
      const userIds = await listStarGivers(channelId, messageId);
      if (!userIds) return changed;
      if (!isTouched) changed += await alignReactions(db, postId, userIds);
      if (!isTouched) return changed;
    }
    return changed;
  }

  return {
    async read() {
      for (const { id, channelId, messageId } of await listShownPosts(db, POSTS)) {
        if (signal.aborted || channelId === null || messageId === null) continue;
        current = messageId;
        try {
          const changed = await align(id, channelId, messageId);
          if (changed > 0) logger.info({ postId: id, changed }, 'missed reactions counted');
        } catch (error) {
          const { kind, code } = classifyFailure(error);
          if (kind === 'restart') return options.onRestart(code);
          if (!signal.aborted) logger.warn({ postId: id, code }, 'reactions not read');
        }
      }
      current = undefined;
    },
    touch(messageId) {
      isTouched ||= messageId === current;
    },
  };
}
