/** @file Forum and media channels: posts with tags, their starter messages, changes and deletion. */
import { DiscordError, FormErrors, refuse } from './discord-error.ts';
import type { UploadedFile } from './files.ts';
import type { Json } from './json.ts';
import { asArray, asObject, asString } from './json.ts';
import { createMessage, deleteMessage } from './messages.ts';
import { channelToWire } from './wire.ts';
import type { ChannelRecord, MessageRecord, World } from './world.ts';
import { addChannel } from './world.ts';

const GUILDS_INTENT = 1 << 0;
/** Channel flag: every post needs a tag. */
const REQUIRE_TAG = 1 << 4;
const MANAGE_THREADS = 1n << 34n;
const PUBLIC_THREAD = 11;

/** A tag of a forum. */
export interface ForumTag {
  id: string;
  name: string;
  /** Only moderators may use it. */
  moderated: boolean;
}

/** @returns whether a channel consists of posts only */
export const isForum = ({ type }: ChannelRecord): boolean => type === 15 || type === 16;

/** @returns whether a channel is a thread */
export const isThread = ({ type }: ChannelRecord): boolean => type === PUBLIC_THREAD;

/** Creates a post: a thread with the id of its starter message. */
export function createForumPost(
  world: World,
  forum: ChannelRecord,
  body: Json,
  files: UploadedFile[],
): ChannelRecord {
  const errors = new FormErrors();
  errors.length(['name'], body.name, 1, 100);
  errors.throwIfAny();
  const id = world.mint();
  const thread = addChannel(world, {
    ...forum,
    id,
    type: PUBLIC_THREAD,
    name: asString(body.name) ?? '',
    parentId: forum.id,
    ownerId: world.application.botId,
    tags: [],
    flags: 0,
    appliedTags: checkTags(forum, body.applied_tags),
  });
  try {
    createMessage(world, {
      id,
      channel: thread,
      authorId: world.application.botId,
      body: asObject(body.message) ?? {},
      files,
      path: ['message'],
    });
  } catch (error) {
    world.channels.delete(id);
    throw error;
  }
  const data = { ...channelToWire(world, thread), newly_created: true };
  world.dispatch({ event: 'THREAD_CREATE', data, intent: GUILDS_INTENT });
  return thread;
}

/** Changes a thread's name, tags or archive state. */
export function editThread(world: World, thread: ChannelRecord, body: Json): void {
  const forum = world.channels.get(thread.parentId ?? '');
  if ('applied_tags' in body && forum) thread.appliedTags = checkTags(forum, body.applied_tags);
  if (typeof body.archived === 'boolean') thread.isArchived = body.archived;
  if (typeof body.name === 'string') thread.name = body.name;
  const data = channelToWire(world, thread);
  world.dispatch({ event: 'THREAD_UPDATE', data, intent: GUILDS_INTENT });
}

/** Removes a thread with everything in it. */
export function deleteThread(world: World, thread: ChannelRecord): void {
  const inside = [...world.messages.values()].filter(({ channelId }) => channelId === thread.id);
  for (const message of inside) deleteMessage(world, message);
  world.channels.delete(thread.id);
  const data = {
    id: thread.id,
    guild_id: thread.guildId,
    parent_id: thread.parentId,
    type: thread.type,
  };
  world.dispatch({ event: 'THREAD_DELETE', data, intent: GUILDS_INTENT });
}

/** @throws {DiscordError} 403, 50013 when the bot may not delete threads here */
export function checkMayDeleteThread({ botPermissions }: ChannelRecord): void {
  if ((botPermissions & MANAGE_THREADS) === 0n) throw refuse.missingPermissions();
}

/** @throws {DiscordError} 400, 50083 for a message in an archived thread */
export function checkNotArchived(world: World, message: MessageRecord): void {
  if (world.channels.get(message.channelId)?.isArchived) {
    throw new DiscordError(400, 50083, 'Thread is archived');
  }
}

/** @throws {DiscordError} 400 for too many tags, an unknown one, one for moderators, or none where one is required */
function checkTags(forum: ChannelRecord, value: unknown): string[] {
  const ids = asArray(value).map(String);
  const errors = new FormErrors();
  if (ids.length > 5) {
    errors.add(['applied_tags'], 'BASE_TYPE_MAX_LENGTH', 'Must be 5 or fewer in length.');
  }
  const mayModerate = (forum.botPermissions & MANAGE_THREADS) !== 0n;
  for (const [index, id] of ids.entries()) {
    const tag = forum.tags.find((known) => known.id === id);
    if (!tag || (tag.moderated && !mayModerate)) {
      errors.add(['applied_tags', index], 'INVALID_FORUM_TAG', 'Invalid forum tag.');
    }
  }
  errors.throwIfAny();
  if ((forum.flags & REQUIRE_TAG) !== 0 && ids.length === 0) {
    throw new DiscordError(400, 40067, 'A tag is required to create a forum post in this channel');
  }
  return ids;
}
