/** @file What exists in the playground: people, guilds, channels, messages, commands, and the news of their changes. */
import { randomBytes } from 'node:crypto';
import type { APIApplicationCommand } from 'discord-api-types/v10';
import type { Clock } from './clock.ts';
import { refuse } from './discord-error.ts';
import type { AttachmentRecord, FileStore } from './files.ts';
import type { InteractionRecord } from './interactions.ts';
import type { ComponentJson, Json } from './json.ts';
import { createSnowflakeMint } from './snowflake.ts';
import type { ForumTag } from './threads.ts';

/** Every permission bit; what administrators have. */
export const ALL_PERMISSIONS = (1n << 53n) - 1n;

/** View, send, embed, attach, history, react, use commands, and the like: an ordinary member. */
export const MEMBER_PERMISSIONS =
  (1n << 6n) | (1n << 10n) | (1n << 11n) | (1n << 14n) | (1n << 15n) | (1n << 16n) | (1n << 31n);

/** A person, or the bot itself. */
export interface UserRecord {
  id: string;
  username: string;
  globalName: string | null;
  bot: boolean;
  locale: string;
  /** False makes direct messages to this user fail with 50007. */
  acceptsDms: boolean;
}

/** A role of a guild. */
export interface RoleRecord {
  id: string;
  name: string;
  permissions: bigint;
}

/** A user's membership in a guild. */
export interface MemberRecord {
  userId: string;
  roleIds: string[];
  permissions: bigint;
  joinedAt: number;
}

/** A guild ("server"). */
export interface GuildRecord {
  id: string;
  name: string;
  ownerId: string;
  roles: RoleRecord[];
  members: Map<string, MemberRecord>;
  /** False after the bot was removed. */
  hasBot: boolean;
}

/** A channel: a guild's text (type 0), forum (15) or media channel (16), a thread (11), a direct message channel (1). */
export interface ChannelRecord {
  id: string;
  type: number;
  guildId: string | null;
  name: string;
  nsfw: boolean;
  recipientId: string | null;
  /** The bot's permissions here; REST calls and interactions follow them. */
  botPermissions: bigint;
  /** Of a forum: what its posts can be tagged with. */
  tags: ForumTag[];
  /** Channel flags, such as 16: a forum whose posts need a tag. */
  flags: number;
  /** Of a thread. */
  parentId: string | null;
  ownerId: string | null;
  appliedTags: string[];
  isArchived: boolean;
}

/** What a message knows about the interaction that caused it. */
export interface MessageOrigin {
  id: string;
  type: number;
  userId: string;
  commandName: string | null;
  interactedMessageId: string | null;
}

/** A message as stored; links in it are signed anew whenever it is shown. */
export interface MessageRecord {
  id: string;
  channelId: string;
  authorId: string;
  content: string;
  embeds: Json[];
  components: ComponentJson[];
  attachments: AttachmentRecord[];
  flags: number;
  createdAt: number;
  editedAt: number | null;
  /** How often the message was edited, deferred answers completed included. */
  revision: number;
  nonce: string | number | null;
  tts: boolean;
  mentionEveryone: boolean;
  mentionIds: string[];
  referenceId: string | null;
  /** Who reacted, by emoji. */
  reactions: Map<string, Set<string>>;
  /** Set for ephemeral messages: the only user who sees it. */
  visibleTo: string | null;
  origin: MessageOrigin | null;
}

/** A change that the gateway may pass on. `intent` is the bit a session needs; 0 means none. */
export interface Dispatch {
  event: string;
  data: unknown;
  intent: number;
  /** The message behind the event, for the message content intent. */
  message?: MessageRecord;
}

/** The whole state. */
export interface World {
  readonly clock: Clock;
  readonly mint: () => string;
  readonly files: FileStore;
  readonly application: { id: string; name: string; token: string; botId: string };
  readonly users: Map<string, UserRecord>;
  readonly guilds: Map<string, GuildRecord>;
  readonly channels: Map<string, ChannelRecord>;
  readonly messages: Map<string, MessageRecord>;
  readonly interactions: Map<string, InteractionRecord>;
  /** Registered commands by scope: the guild's id, or `global`. */
  readonly commands: Map<string, APIApplicationCommand[]>;
  /** Tells the gateway and everyone who waits. */
  dispatch(dispatch: Dispatch): void;
  /** Wakes everyone who waits for a change that no gateway event tells of. */
  touch(): void;
  onDispatch(listener: (dispatch: Dispatch) => void): void;
  /** @returns as soon as `read` gives a value, or undefined after the given real time */
  waitFor<T>(read: () => T | undefined, timeoutMs: number): Promise<T | undefined>;
}

/** How often waiting looks at the clock, which may be a manual one that tells nobody. */
const WAIT_POLL_MS = 15;

/** Builds a world with an application and its bot user, and nobody else. */
export function createWorld(
  clock: Clock,
  makeFiles: (mint: () => string) => FileStore,
  application: { name: string; token?: string },
): World {
  const mint = createSnowflakeMint(clock);
  const listeners: ((dispatch: Dispatch) => void)[] = [];
  const waiting = new Set<() => void>();
  const botId = mint();
  const token =
    application.token ??
    `${Buffer.from(botId).toString('base64url')}.${randomBytes(4).toString('base64url')}.${randomBytes(27).toString('base64url')}`;
  const wake = () => {
    for (const look of [...waiting]) look();
  };
  const world: World = {
    clock,
    mint,
    files: makeFiles(mint),
    application: { id: mint(), name: application.name, token, botId },
    users: new Map(),
    guilds: new Map(),
    channels: new Map(),
    messages: new Map(),
    interactions: new Map(),
    commands: new Map(),
    dispatch(dispatch) {
      for (const listener of listeners) listener(dispatch);
      wake();
    },
    touch: wake,
    onDispatch: (listener) => listeners.push(listener),
    waitFor: (read, timeoutMs) =>
      new Promise((resolve, reject) => {
        const finish = (settle: () => void) => {
          clearInterval(poll);
          clearTimeout(timeout);
          waiting.delete(look);
          settle();
        };
        const look = () => {
          try {
            const value = read();
            if (value !== undefined) finish(() => resolve(value));
          } catch (error) {
            finish(() => reject(error));
          }
        };
        const poll = setInterval(look, WAIT_POLL_MS);
        const timeout = setTimeout(() => finish(() => resolve(undefined)), timeoutMs);
        waiting.add(look);
        look();
      }),
  };
  addUser(world, { id: botId, username: application.name, bot: true });
  return world;
}

/** Adds a user who is in no guild yet. */
export function addUser(
  world: World,
  user: Partial<UserRecord> & Pick<UserRecord, 'username'>,
): UserRecord {
  const record: UserRecord = {
    id: user.id ?? world.mint(),
    username: user.username,
    globalName: user.globalName ?? null,
    bot: user.bot ?? false,
    locale: user.locale ?? 'en-US',
    acceptsDms: user.acceptsDms ?? true,
  };
  world.users.set(record.id, record);
  return record;
}

/** Adds a guild with its @everyone role; the owner and the bot are members. */
export function addGuild(world: World, guild: { name: string; ownerId: string }): GuildRecord {
  const id = world.mint();
  const record: GuildRecord = {
    id,
    name: guild.name,
    ownerId: guild.ownerId,
    roles: [{ id, name: '@everyone', permissions: MEMBER_PERMISSIONS }],
    members: new Map(),
    hasBot: true,
  };
  world.guilds.set(id, record);
  addMember(world, record, guild.ownerId, { permissions: ALL_PERMISSIONS });
  addMember(world, record, world.application.botId, { permissions: ALL_PERMISSIONS });
  return record;
}

/** Adds a user to a guild, or changes the membership. */
export function addMember(
  world: World,
  guild: GuildRecord,
  userId: string,
  member: { roleIds?: string[]; permissions?: bigint } = {},
): MemberRecord {
  const record: MemberRecord = {
    userId,
    roleIds: member.roleIds ?? [],
    permissions: member.permissions ?? MEMBER_PERMISSIONS,
    joinedAt: guild.members.get(userId)?.joinedAt ?? world.clock.now(),
  };
  guild.members.set(userId, record);
  return record;
}

/** Adds a channel. */
export function addChannel(
  world: World,
  channel: Partial<ChannelRecord> & Pick<ChannelRecord, 'guildId' | 'name'>,
): ChannelRecord {
  const record: ChannelRecord = {
    type: 0,
    nsfw: false,
    recipientId: null,
    botPermissions: ALL_PERMISSIONS,
    tags: [],
    flags: 0,
    parentId: null,
    ownerId: null,
    appliedTags: [],
    isArchived: false,
    ...channel,
    id: channel.id ?? world.mint(),
  };
  world.channels.set(record.id, record);
  return record;
}

/** @returns the direct message channel of the bot with a user, opened when there is none */
export function openDm(world: World, userId: string): ChannelRecord {
  for (const channel of world.channels.values()) {
    if (channel.type === 1 && channel.recipientId === userId) return channel;
  }
  return addChannel(world, { type: 1, guildId: null, name: '', recipientId: userId });
}

/** @returns the guild, when the bot is in it @throws {DiscordError} 404, 10004 */
export function guildOf(world: World, guildId: string | undefined): GuildRecord {
  const guild = world.guilds.get(guildId ?? '');
  if (!guild?.hasBot) throw refuse.unknownGuild();
  return guild;
}

/** @returns the channel, when the bot can know of it @throws {DiscordError} 404, 10003 */
export function channelOf(world: World, channelId: string | undefined): ChannelRecord {
  const channel = world.channels.get(channelId ?? '');
  if (!channel) throw refuse.unknownChannel();
  if (channel.guildId !== null && !world.guilds.get(channel.guildId)?.hasBot) {
    throw refuse.unknownChannel();
  }
  return channel;
}
