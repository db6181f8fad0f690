/** @file Sends an interaction to the bot, and waits for what the bot makes of it. */
import { randomBytes } from 'node:crypto';
import type { APIMessage, GatewayInteractionCreateDispatchData } from 'discord-api-types/v10';
import { DiscordError, refuse } from './discord-error.ts';
import type { FaultRequest, FaultRules, RequestFaultKind } from './faults.ts';
import { bindFault } from './faults.ts';
import { FILE_SIZE_LIMIT_BYTES } from './files.ts';
import type { InteractionRecord } from './interactions.ts';
import { ANSWER_DEADLINE_MS, CallbackKind } from './interactions.ts';
import type { Json } from './json.ts';
import { MessageFlag, messageToWire } from './message-wire.ts';
import type { UploadSettings } from './resolved.ts';
import { channelToWire, memberToWire, userToWire } from './wire.ts';
import type { ChannelRecord, GuildRecord, MessageRecord, UserRecord, World } from './world.ts';
import { openDm } from './world.ts';

/** What every user action may say. Users, channels and guilds go by id or by name. */
export interface ActionSettings extends UploadSettings {
  user: string;
  /** Default: the channel's guild, else the first guild. */
  guild?: string;
  /** Default: the guild's first text channel. */
  channel?: string;
  /** Acts in the direct messages with the bot instead of a guild. */
  dm?: boolean;
  /** `user`: only the user installed the app; the bot need not be in the guild. Default: the guild did. */
  install?: 'guild' | 'user';
  /** Sends the interaction although Discord would refuse it. */
  forge?: boolean;
  /** Delivers the same event twice. */
  duplicate?: boolean;
  /**
   * What goes wrong with the requests that answer this interaction, and no others; see `bindFault`. Routes:
   * `/interactions/*{token}*` is the first answer, `/webhooks/*{token}*` are the later ones.
   */
  faults?: (FaultRequest & { kind: RequestFaultKind })[];
  /** Overwrites fields of the interaction's `data`. */
  patchData?: Json;
  /** The upload limit of this interaction in bytes. Default 10 MiB. */
  attachmentSizeLimit?: number;
  /** What to wait for: the first answer (default), or the end of a deferred one. */
  until?: 'callback' | 'settled';
  /** Real milliseconds to wait. Default: 3500 for the first answer, 30,000 for a settled one. */
  timeoutMs?: number;
}

/** What came of an interaction so far. */
export interface ActionOutcome {
  interactionId: string;
  /** False when nothing came within 3 s. */
  answered: boolean;
  note: 'answered' | 'no answer in 3 s';
  /** Discord's callback type: 4 message, 5 deferred, 6 deferred update, 7 update, 8 choices, 9 modal. */
  callbackType: number | null;
  /** Whether a deferred answer still waits for its content. */
  loading: boolean;
  ephemeral: boolean;
  /** The original response: the new message, or the one that was updated. */
  message: APIMessage | null;
  followUps: APIMessage[];
  modal: Json | null;
  choices: { name: string; value: string | number }[] | null;
}

/** Where a user acts. */
export interface Place {
  user: UserRecord;
  guild: GuildRecord | null;
  channel: ChannelRecord;
}

const badRequest = (message: string) => new DiscordError(400, 0, message);

/** @returns a user by id or name @throws {DiscordError} 404, 10013 */
export function findUser(world: World, idOrName: string): UserRecord {
  const user =
    world.users.get(idOrName) ??
    [...world.users.values()].find((item) => item.username === idOrName && !item.bot);
  if (!user) throw refuse.unknownUser();
  return user;
}

/** @returns a guild by id or name, the first one without either @throws {DiscordError} 404, 10004 */
export function findGuild(world: World, idOrName?: string): GuildRecord {
  const guilds = [...world.guilds.values()];
  const guild =
    idOrName === undefined
      ? guilds[0]
      : guilds.find((item) => item.id === idOrName || item.name === idOrName);
  if (!guild) throw refuse.unknownGuild();
  return guild;
}

/** @returns a channel by id or name @throws {DiscordError} 404, 10003 */
export function findChannel(world: World, idOrName: string, guildId?: string): ChannelRecord {
  const channel =
    world.channels.get(idOrName) ??
    [...world.channels.values()].find(
      (item) => item.name === idOrName && (guildId === undefined || item.guildId === guildId),
    );
  if (!channel) throw refuse.unknownChannel();
  return channel;
}

/** @returns where an action takes place @throws {DiscordError} when the user or the bot is not there */
export function findPlace(world: World, settings: ActionSettings): Place {
  const user = findUser(world, settings.user);
  if (settings.dm) return { user, guild: null, channel: openDm(world, user.id) };
  const named =
    settings.channel === undefined
      ? undefined
      : findChannel(world, settings.channel, settings.guild && findGuild(world, settings.guild).id);
  if (named?.guildId === null) {
    if (named.recipientId !== user.id) throw refuse.missingAccess();
    return { user, guild: null, channel: named };
  }
  const guild = findGuild(world, named?.guildId ?? settings.guild);
  const channel = named ?? [...world.channels.values()].find((item) => item.guildId === guild.id);
  if (!channel) throw refuse.unknownChannel();
  if (!guild.hasBot && settings.install !== 'user')
    throw badRequest('The bot is not in this guild.');
  if (!guild.members.has(user.id)) throw badRequest(`${user.username} is not in this guild.`);
  return { user, guild, channel };
}

/** The part of an interaction that its kind determines. */
export interface InteractionSubject {
  type: number;
  data: Json;
  commandName?: string | null;
  message?: MessageRecord | null;
}

/** Records an interaction and hands it to the gateway. */
export function deliver(
  world: World,
  rules: Pick<FaultRules, 'add'>,
  place: Place,
  subject: InteractionSubject,
  settings: ActionSettings,
): InteractionRecord {
  const id = world.mint();
  const token = randomBytes(96).toString('base64url');
  const sizeLimitBytes = settings.attachmentSizeLimit ?? FILE_SIZE_LIMIT_BYTES;
  const data = { ...subject.data, ...settings.patchData };
  const payload = {
    ...describePlace(world, place, settings.install ?? 'guild'),
    id,
    token,
    type: subject.type,
    data,
    ...(subject.message ? { message: messageToWire(world, subject.message) } : {}),
    attachment_size_limit: sizeLimitBytes,
  } as unknown as GatewayInteractionCreateDispatchData;
  const record: InteractionRecord = {
    id,
    token,
    type: subject.type,
    createdAt: world.clock.now(),
    userId: place.user.id,
    guildId: place.guild?.id ?? null,
    channelId: place.channel.id,
    commandName: subject.commandName ?? null,
    sourceMessageId: subject.message?.id ?? null,
    sizeLimitBytes,
    payload,
    callbackType: null,
    modal: null,
    modalSubmitted: false,
    choices: null,
    originalMessageId: null,
    answeredAtRevision: 0,
    awaitsDeferred: false,
    followUpIds: [],
    tokenRevoked: false,
  };
  world.interactions.set(id, record);
  for (const fault of settings.faults ?? []) rules.add(bindFault(fault, token));
  for (let times = settings.duplicate ? 2 : 1; times > 0; times -= 1) {
    world.dispatch({ event: 'INTERACTION_CREATE', data: payload, intent: 0 });
  }
  return record;
}

/** Attach files, embed links, mention everyone: what an app has where only its user brought it. */
const VISITOR_PERMISSIONS = (1n << 14n) | (1n << 15n) | (1n << 17n);

function describePlace(
  world: World,
  { user, guild, channel }: Place,
  install: 'guild' | 'user',
): Json {
  const isVisiting = install === 'user' && guild !== null;
  const member = guild?.members.get(user.id);
  const permissions = (member?.permissions ?? 0n).toString();
  const common = {
    application_id: world.application.id,
    version: 1,
    channel_id: channel.id,
    channel: { ...channelToWire(world, channel), permissions },
    entitlements: [],
    app_permissions: (isVisiting ? VISITOR_PERMISSIONS : channel.botPermissions).toString(),
    locale: user.locale,
  };
  if (!guild || !member) {
    const integrationOwners = install === 'user' ? { '1': user.id } : { '0': '0' };
    const who = userToWire(world, user.id);
    return { ...common, user: who, context: 1, authorizing_integration_owners: integrationOwners };
  }
  return {
    ...common,
    guild_id: guild.id,
    guild: { id: guild.id, locale: 'en-US', features: [] },
    guild_locale: 'en-US',
    member: { ...memberToWire(world, member), permissions },
    context: 0,
    authorizing_integration_owners: isVisiting ? { '1': user.id } : { '0': guild.id },
  };
}

/** @returns what came of an interaction so far */
export function outcomeOf(world: World, record: InteractionRecord): ActionOutcome {
  const show = (id: string) => {
    const message = world.messages.get(id);
    return message ? messageToWire(world, message) : null;
  };
  const original = world.messages.get(record.originalMessageId ?? '');
  return {
    interactionId: record.id,
    answered: record.callbackType !== null,
    note: record.callbackType === null ? 'no answer in 3 s' : 'answered',
    callbackType: record.callbackType,
    loading: original ? (original.flags & MessageFlag.loading) !== 0 : false,
    ephemeral: original ? original.visibleTo !== null : false,
    message: original ? messageToWire(world, original) : null,
    followUps: record.followUpIds.flatMap((id) => show(id) ?? []),
    modal: record.modal,
    choices: record.choices as ActionOutcome['choices'],
  };
}

function isSettled(world: World, record: InteractionRecord): boolean {
  const original = world.messages.get(record.originalMessageId ?? '');
  if (record.callbackType === CallbackKind.deferredMessage) {
    return !original || (original.flags & MessageFlag.loading) === 0;
  }
  if (record.callbackType === CallbackKind.deferredUpdate) {
    const edited = !original || original.revision > record.answeredAtRevision;
    return edited || record.followUpIds.length > 0;
  }
  return record.callbackType !== null;
}

/** Waits for an interaction's answer. @returns the outcome, also when none came in time */
export async function awaitOutcome(
  world: World,
  record: InteractionRecord,
  settings: Pick<ActionSettings, 'until' | 'timeoutMs'>,
): Promise<ActionOutcome> {
  const settle = settings.until === 'settled';
  const timeoutMs = settings.timeoutMs ?? (settle ? 30_000 : 3500);
  await world.waitFor(() => {
    const late = world.clock.now() - record.createdAt > ANSWER_DEADLINE_MS;
    if (record.callbackType === null) return late || undefined;
    return !settle || isSettled(world, record) || undefined;
  }, timeoutMs);
  return outcomeOf(world, record);
}
