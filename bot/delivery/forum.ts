/** @file Posts in forum and media channels, written with the bot token. Discord knows no nonce for them, so a lost one is looked for. */
import {
  type APIChannel,
  type APIMessage,
  type APIThreadChannel,
  ChannelFlags,
  ChannelType,
  type REST,
  type RESTPatchAPIChannelJSONBody,
  type RESTPostAPIGuildForumThreadsJSONBody,
  Routes,
} from 'discord.js';
import { listComponents } from '../views/discord-limits.ts';
import type { ForumTag } from '../views/gallery-post.ts';
import type { MessageView } from '../views/message-view.ts';
import { idOf, sendInTime, toBody, toFiles } from './poster.ts';

/** What a channel is to somebody who wants to post there. */
export type PostPlace =
  | { readonly kind: 'text' }
  | { readonly kind: 'forum'; readonly tags: readonly ForumTag[]; readonly isTagRequired: boolean };

/** Reads channels and writes forum posts. Throws what Discord or the network throws. */
export interface Forum {
  /** @throws {Error} also where nothing can be posted */
  readPlace(channelId: string): Promise<PostPlace>;
  /** @returns the post's id, which is also that of its first message */
  post(forumId: string, post: ForumPost): Promise<string>;
  /** Looks for a post of ours whose first message has a component with this custom id. */
  find(guildId: string, forumId: string, customId: string): Promise<string | undefined>;
  retag(threadId: string, tagIds: readonly string[]): Promise<void>;
  /** Takes the right to manage threads. */
  remove(threadId: string): Promise<void>;
}

/** A post to be. */
export interface ForumPost {
  readonly title: string;
  readonly tagIds: readonly string[];
  readonly view: MessageView;
}

/**
 * Builds it.
 *
 * @param rest the library's client
 * @param once another one, which never sends a request twice: a post that arrived although its answer was lost would
 *   otherwise stand there twice
 */
export function createForum(rest: REST, once: REST): Forum {
  return {
    async readPlace(channelId) {
      const channel = (await sendInTime((signal) =>
        rest.get(Routes.channel(channelId), { signal }),
      )) as APIChannel;
      idOf(channel);
      if (channel.type !== ChannelType.GuildForum && channel.type !== ChannelType.GuildMedia) {
        return { kind: 'text' };
      }
      const flags = channel.flags ?? 0;
      return {
        kind: 'forum',
        tags: channel.available_tags,
        isTagRequired: (flags & ChannelFlags.RequireTag) !== 0,
      };
    },

    async post(forumId, { title, tagIds, view }) {
      const body: RESTPostAPIGuildForumThreadsJSONBody = {
        name: title,
        applied_tags: [...tagIds],
        message: { ...(view.isCard ? {} : { content: view.content }), ...toBody(view) },
      };
      return idOf(
        await sendInTime((signal) =>
          once.post(Routes.threads(forumId), { body, files: toFiles(view), signal }),
        ),
      );
    },

    async find(guildId, forumId, customId) {
      const { threads } = (await sendInTime((signal) =>
        rest.get(Routes.guildActiveThreads(guildId), { signal }),
      )) as { threads: APIThreadChannel[] };
      for (const thread of threads.filter(({ parent_id }) => parent_id === forumId)) {
        const first = (await sendInTime((signal) =>
          rest.get(Routes.channelMessage(thread.id, thread.id), { signal }),
        ).catch(() => undefined)) as APIMessage | undefined;
        const isIt = listComponents({ components: first?.components ?? [] }).some(
          (component) => 'custom_id' in component && component.custom_id === customId,
        );
        if (isIt) return thread.id;
      }
      return undefined;
    },

    async retag(threadId, tagIds) {
      const body: RESTPatchAPIChannelJSONBody = { applied_tags: [...tagIds] };
      await sendInTime((signal) => rest.patch(Routes.channel(threadId), { body, signal }));
    },

    async remove(threadId) {
      await sendInTime((signal) => rest.delete(Routes.channel(threadId), { signal }));
    },
  };
}
