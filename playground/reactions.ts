/** @file Reactions of people under messages, and the gateway's news of them. */
import type { APIUser } from 'discord-api-types/v10';
import type { Json } from './json.ts';
import { memberToWire, userToWire } from './wire.ts';
import type { MessageRecord, World } from './world.ts';

const GUILD_MESSAGE_REACTIONS = 1 << 10;
const DIRECT_MESSAGE_REACTIONS = 1 << 13;

/** Adds a reaction; a second time changes nothing. */
export function addReaction(
  world: World,
  message: MessageRecord,
  userId: string,
  emoji: string,
): void {
  const users = message.reactions.get(emoji) ?? new Set();
  if (users.has(userId)) return;
  message.reactions.set(emoji, users.add(userId));
  announce(world, 'MESSAGE_REACTION_ADD', message, userId, emoji);
}

/** Takes a reaction back. */
export function removeReaction(
  world: World,
  message: MessageRecord,
  userId: string,
  emoji: string,
): void {
  if (message.reactions.get(emoji)?.delete(userId)) {
    announce(world, 'MESSAGE_REACTION_REMOVE', message, userId, emoji);
  }
}

/** @returns the people who left this reaction, by id; `after` is the id of the last one on the page before */
export function listReactors(
  world: World,
  message: MessageRecord,
  emoji: string,
  { after, limit }: { after: bigint; limit: number },
): APIUser[] {
  return [...(message.reactions.get(emoji) ?? [])]
    .map(BigInt)
    .filter((userId) => userId > after)
    .sort((a, b) => (a < b ? -1 : 1))
    .slice(0, limit)
    .map((userId) => userToWire(world, String(userId)));
}

function announce(
  world: World,
  event: 'MESSAGE_REACTION_ADD' | 'MESSAGE_REACTION_REMOVE',
  message: MessageRecord,
  userId: string,
  emoji: string,
): void {
  const guildId = world.channels.get(message.channelId)?.guildId ?? null;
  const member = guildId === null ? undefined : world.guilds.get(guildId)?.members.get(userId);
  const isAdded = event === 'MESSAGE_REACTION_ADD';
  const data: Json = {
    user_id: userId,
    channel_id: message.channelId,
    message_id: message.id,
    emoji: { id: null, name: emoji },
    burst: false,
    type: 0,
    ...(guildId === null ? {} : { guild_id: guildId }),
    ...(isAdded && member ? { member: memberToWire(world, member) } : {}),
    ...(isAdded ? { message_author_id: message.authorId } : {}),
  };
  const intent = guildId === null ? DIRECT_MESSAGE_REACTIONS : GUILD_MESSAGE_REACTIONS;
  world.dispatch({ event, data, intent });
}
