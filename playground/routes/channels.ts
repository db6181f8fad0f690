/** @file Routes with the bot token: channels, messages, guilds, members, users, direct messages. */
import { refuse } from '../discord-error.ts';
import type { UploadedFile } from '../files.ts';
import type { RestRequest, Route } from '../http.ts';
import { noContent, objectBody, ok } from '../http.ts';
import { asString } from '../json.ts';
import { messageToWire } from '../message-wire.ts';
import { createMessage, deleteMessage, editMessage, visibleMessages } from '../messages.ts';
import { listReactors } from '../reactions.ts';
import {
  checkMayDeleteThread,
  checkNotArchived,
  createForumPost,
  deleteThread,
  editThread,
  isForum,
  isThread,
} from '../threads.ts';
import { channelToWire, guildToWire, memberToWire, roleToWire, userToWire } from '../wire.ts';
import type { ChannelRecord, MessageRecord, World } from '../world.ts';
import { channelOf, guildOf, openDm } from '../world.ts';

/** Permission bits that matter for sending. */
const Permission = {
  viewChannel: 1n << 10n,
  sendMessages: 1n << 11n,
  manageMessages: 1n << 13n,
  attachFiles: 1n << 15n,
} as const;

const MESSAGES = '/channels/{channel_id}/messages';

/** Builds the routes. */
export function channelRoutes(world: World): Route[] {
  const { botId } = world.application;
  const route = (method: string, template: string, handle: Route['handle']): Route => ({
    method,
    template,
    needsToken: true,
    handle,
  });
  const channelIn = ({ params }: RestRequest) => {
    const channel = channelOf(world, params.channel_id);
    if (!has(channel, Permission.viewChannel)) throw refuse.missingAccess();
    return channel;
  };
  const messageIn = (request: RestRequest): MessageRecord => {
    const channel = channelIn(request);
    const message = world.messages.get(request.params.message_id ?? '');
    // Ephemeral messages exist only for their interaction's token.
    if (!message || message.channelId !== channel.id || message.visibleTo !== null) {
      throw refuse.unknownMessage();
    }
    return message;
  };
  return [
    route('GET', '/channels/{channel_id}', (request) =>
      ok(channelToWire(world, channelIn(request))),
    ),
    route('GET', MESSAGES, (request) => ok(listMessages(world, channelIn(request), request.query))),
    route('POST', MESSAGES, (request) => {
      const channel = channelIn(request);
      if (isForum(channel)) throw refuse.notText();
      checkMaySend(world, channel, request.files);
      const draft = { channel, authorId: botId, body: objectBody(request), files: request.files };
      return ok(messageToWire(world, createMessage(world, draft)));
    }),
    route('GET', `${MESSAGES}/{message_id}`, (request) =>
      ok(messageToWire(world, messageIn(request))),
    ),
    route('PATCH', `${MESSAGES}/{message_id}`, (request) => {
      const message = messageIn(request);
      if (message.authorId !== botId) throw refuse.notAuthor();
      checkNotArchived(world, message);
      return ok(
        messageToWire(world, editMessage(world, message, objectBody(request), request.files)),
      );
    }),
    route('DELETE', `${MESSAGES}/{message_id}`, (request) => {
      const message = messageIn(request);
      const channel = channelIn(request);
      const mayDelete =
        message.authorId === botId ||
        (channel.guildId !== null && has(channel, Permission.manageMessages));
      if (!mayDelete) throw refuse.missingPermissions();
      deleteMessage(world, message);
      return noContent();
    }),
    route('GET', `${MESSAGES}/{message_id}/reactions/{emoji_name}`, (request) => {
      const limit = Math.min(100, Math.max(1, Number(request.query.get('limit') ?? 25)));
      const after = BigInt(request.query.get('after') ?? 0);
      const emoji = request.params.emoji_name ?? '';
      return ok(listReactors(world, messageIn(request), emoji, { after, limit }));
    }),
    route('POST', '/channels/{channel_id}/typing', (request) => {
      channelIn(request);
      return noContent();
    }),
    route('POST', '/users/@me/channels', (request) => {
      const userId = asString(objectBody(request).recipient_id) ?? '';
      if (!world.users.has(userId) || userId === botId) throw refuse.cannotSendToUser();
      return ok(channelToWire(world, openDm(world, userId)));
    }),
    ...threadRoutes(world, route, channelIn),
    ...readingRoutes(world, route),
  ];
}

function threadRoutes(
  world: World,
  route: (method: string, template: string, handle: Route['handle']) => Route,
  channelIn: (request: RestRequest) => ChannelRecord,
): Route[] {
  const threadIn = (request: RestRequest) => {
    const thread = channelIn(request);
    // The bot makes no other channels, so it changes and deletes none.
    if (!isThread(thread)) throw refuse.missingPermissions();
    return thread;
  };
  return [
    route('POST', '/channels/{channel_id}/threads', (request) => {
      const forum = channelIn(request);
      if (!isForum(forum)) throw refuse.notText();
      checkMaySend(world, forum, request.files);
      const thread = createForumPost(world, forum, objectBody(request), request.files);
      const message = world.messages.get(thread.id);
      return {
        status: 201,
        body: {
          ...channelToWire(world, thread),
          ...(message ? { message: messageToWire(world, message) } : {}),
        },
      };
    }),
    route('PATCH', '/channels/{channel_id}', (request) => {
      const thread = threadIn(request);
      editThread(world, thread, objectBody(request));
      return ok(channelToWire(world, thread));
    }),
    route('DELETE', '/channels/{channel_id}', (request) => {
      const thread = threadIn(request);
      checkMayDeleteThread(thread);
      deleteThread(world, thread);
      return ok(channelToWire(world, thread));
    }),
    route('GET', '/guilds/{guild_id}/threads/active', ({ params }) => {
      const guild = guildOf(world, params.guild_id);
      const threads = [...world.channels.values()].filter(
        (channel) => channel.guildId === guild.id && isThread(channel) && !channel.isArchived,
      );
      return ok({
        threads: threads.map((thread) => channelToWire(world, thread)),
        members: [],
        has_more: false,
      });
    }),
  ];
}

function readingRoutes(
  world: World,
  route: (method: string, template: string, handle: Route['handle']) => Route,
): Route[] {
  return [
    route('GET', '/users/{user_id}', ({ params }) => {
      const id = params.user_id ?? '';
      if (!world.users.has(id)) throw refuse.unknownUser();
      return ok(userToWire(world, id));
    }),
    route('GET', '/guilds/{guild_id}', ({ params }) =>
      ok(guildToWire(guildOf(world, params.guild_id))),
    ),
    route('GET', '/guilds/{guild_id}/roles', ({ params }) =>
      ok(guildOf(world, params.guild_id).roles.map(roleToWire)),
    ),
    route('GET', '/guilds/{guild_id}/channels', ({ params }) => {
      const guild = guildOf(world, params.guild_id);
      const channels = [...world.channels.values()].filter(
        (item) => item.guildId === guild.id && !isThread(item),
      );
      return ok(channels.map((channel) => channelToWire(world, channel)));
    }),
    route('GET', '/guilds/{guild_id}/members/{user_id}', ({ params }) => {
      const member = guildOf(world, params.guild_id).members.get(params.user_id ?? '');
      if (!member) throw refuse.unknownMember();
      return ok(memberToWire(world, member));
    }),
  ];
}

function has(channel: ChannelRecord, permission: bigint): boolean {
  return channel.guildId === null || (channel.botPermissions & permission) !== 0n;
}

function checkMaySend(world: World, channel: ChannelRecord, files: UploadedFile[]): void {
  if (channel.guildId === null) {
    const recipient = world.users.get(channel.recipientId ?? '');
    if (!recipient?.acceptsDms) throw refuse.cannotSendToUser();
    return;
  }
  if (!has(channel, Permission.sendMessages)) throw refuse.missingPermissions();
  if (files.length > 0 && !has(channel, Permission.attachFiles)) throw refuse.missingPermissions();
}

/** Newest first, as Discord lists them. */
function listMessages(world: World, channel: ChannelRecord, query: URLSearchParams) {
  const limit = Math.min(100, Math.max(1, Number(query.get('limit') ?? 50)));
  const before = BigInt(query.get('before') ?? 2n ** 63n);
  const after = BigInt(query.get('after') ?? 0);
  return visibleMessages(world, channel.id, null)
    .filter((message) => BigInt(message.id) < before && BigInt(message.id) > after)
    .slice(-limit)
    .reverse()
    .map((message) => messageToWire(world, message));
}
