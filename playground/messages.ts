/** @file Creating, editing and deleting messages, with Discord's limits; used by channels, webhooks and callbacks alike. */
import { checkMessageComponents } from './component-limits.ts';
import { numberComponents } from './component-numbers.ts';
import { FormErrors, refuse } from './discord-error.ts';
import type { AttachmentRecord, UploadedFile } from './files.ts';
import { FILE_SIZE_LIMIT_BYTES } from './files.ts';
import type { Json } from './json.ts';
import { asArray, asComponents, asNumber, asObject, asObjects, asString } from './json.ts';
import { MessageFlag, messageToWire } from './message-wire.ts';
import type { ChannelRecord, MessageOrigin, MessageRecord, World } from './world.ts';

/** Gateway intent bits for messages in guilds and in direct messages. */
const GUILD_MESSAGES = 1 << 9;
const DIRECT_MESSAGES = 1 << 12;

/** How long a nonce holds off a second message ("past few minutes"). */
const NONCE_LIFETIME_MS = 5 * 60 * 1000;

/** A request to create a message. */
export interface MessageDraft {
  /** Of a post's first message: the post's own. */
  id?: string;
  channel: ChannelRecord;
  authorId: string;
  body: Json;
  files: UploadedFile[];
  /** Where the fields stand in the request, for error paths: `[]` or `['data']`. */
  path?: string[];
  visibleTo?: string | null;
  origin?: MessageOrigin | null;
  /** Flag bits set by the platform rather than by the sender. */
  extraFlags?: number;
  sizeLimitBytes?: number;
}

/** @returns the new message, or the earlier one for a repeated, enforced nonce */
export function createMessage(world: World, draft: MessageDraft): MessageRecord {
  const { body, channel } = draft;
  const nonce = asString(body.nonce) ?? asNumber(body.nonce) ?? null;
  if (body.enforce_nonce === true && nonce !== null) {
    const earlier = findByNonce(world, draft, nonce);
    if (earlier) return earlier;
  }
  const sentFlags = asNumber(body.flags) ?? 0;
  const kept = MessageFlag.suppressEmbeds | MessageFlag.suppressNotifications;
  const flags = (sentFlags & (kept | MessageFlag.componentsV2)) | (draft.extraFlags ?? 0);
  const id = draft.id ?? world.mint();
  const message: MessageRecord = {
    id,
    channelId: channel.id,
    authorId: draft.authorId,
    content: asString(body.content) ?? '',
    embeds: asObjects(body.embeds),
    components: numberComponents(asComponents(body.components)),
    attachments: [],
    flags,
    createdAt: world.clock.now(),
    editedAt: null,
    revision: 0,
    nonce,
    tts: body.tts === true,
    ...mentionsOf(world, body),
    referenceId: asString(asObject(body.message_reference)?.message_id) ?? null,
    reactions: new Map(),
    visibleTo: draft.visibleTo ?? null,
    origin: draft.origin ?? null,
  };
  checkSizes(draft.files, draft.sizeLimitBytes ?? FILE_SIZE_LIMIT_BYTES);
  const loading = (flags & MessageFlag.loading) !== 0;
  if (!loading) checkMessage(message, draft.files, draft.path ?? [], body);
  message.attachments = storeFiles(world, message, body, draft.files);
  world.messages.set(id, message);
  announce(world, 'MESSAGE_CREATE', message);
  return message;
}

function findByNonce(world: World, draft: MessageDraft, nonce: string | number) {
  const since = world.clock.now() - NONCE_LIFETIME_MS;
  return [...world.messages.values()].find(
    (message) =>
      message.nonce === nonce &&
      message.channelId === draft.channel.id &&
      message.authorId === draft.authorId &&
      message.createdAt > since,
  );
}

/** Changes the fields that the body names, and leaves the others. */
export function editMessage(
  world: World,
  message: MessageRecord,
  body: Json,
  files: UploadedFile[],
  path: string[] = [],
  sizeLimitBytes: number = FILE_SIZE_LIMIT_BYTES,
): MessageRecord {
  checkSizes(files, sizeLimitBytes);
  const wasLoading = (message.flags & MessageFlag.loading) !== 0;
  const changed: MessageRecord = { ...message };
  if ('content' in body) {
    changed.content = asString(body.content) ?? '';
    Object.assign(changed, mentionsOf(world, body));
  }
  if ('embeds' in body) changed.embeds = asObjects(body.embeds);
  if ('components' in body) {
    changed.components = numberComponents(asComponents(body.components));
  }
  const sentFlags = asNumber(body.flags) ?? 0;
  changed.flags |= sentFlags & MessageFlag.componentsV2;
  if ('flags' in body) {
    changed.flags =
      (changed.flags & ~MessageFlag.suppressEmbeds) | (sentFlags & MessageFlag.suppressEmbeds);
  }
  changed.flags &= ~MessageFlag.loading;
  if (body.attachments !== undefined) {
    const listed = new Set(asObjects(body.attachments).map((item) => String(item.id)));
    changed.attachments = changed.attachments.filter((file) => listed.has(file.id));
  }
  checkMessage(changed, files, path, body);
  changed.attachments = [...changed.attachments, ...storeFiles(world, changed, body, files)];
  // The first edit of a deferred answer completes it and is not shown as "(edited)".
  changed.revision += 1;
  changed.editedAt = wasLoading ? null : world.clock.now();
  Object.assign(message, changed);
  announce(world, 'MESSAGE_UPDATE', message);
  return message;
}

/** Removes a message. */
export function deleteMessage(world: World, message: MessageRecord): void {
  world.messages.delete(message.id);
  announce(world, 'MESSAGE_DELETE', message);
}

function announce(
  world: World,
  event: 'MESSAGE_CREATE' | 'MESSAGE_UPDATE' | 'MESSAGE_DELETE',
  message: MessageRecord,
): void {
  if (message.visibleTo !== null) {
    world.touch();
    return;
  }
  const guildId = world.channels.get(message.channelId)?.guildId ?? null;
  const place = {
    channel_id: message.channelId,
    ...(guildId === null ? {} : { guild_id: guildId }),
  };
  const intent = guildId === null ? DIRECT_MESSAGES : GUILD_MESSAGES;
  const data =
    event === 'MESSAGE_DELETE'
      ? { id: message.id, ...place }
      : { ...messageToWire(world, message), ...place };
  world.dispatch({ event, data, intent, message });
}

/** Finds whom a text pings, as far as `allowed_mentions` lets it. */
function mentionsOf(world: World, body: Json): { mentionIds: string[]; mentionEveryone: boolean } {
  const text = asString(body.content) ?? '';
  const allowed = asObject(body.allowed_mentions);
  const parse = allowed ? asArray(allowed.parse) : ['users', 'roles', 'everyone'];
  const named = asArray(allowed?.users);
  const found = [...text.matchAll(/<@!?(\d{17,19})>/g)].map((match) => match[1] ?? '');
  const mentionIds = [...new Set(found)].filter(
    (id) => world.users.has(id) && (parse.includes('users') || named.includes(id)),
  );
  return {
    mentionIds,
    mentionEveryone: parse.includes('everyone') && /@(everyone|here)\b/.test(text),
  };
}

function checkSizes(files: UploadedFile[], limitBytes: number): void {
  if (files.some((file) => file.bytes.length > limitBytes)) throw refuse.tooLarge();
}

/** Checks the message as it will be: existing attachments plus the files that come along. */
function checkMessage(
  message: MessageRecord,
  files: UploadedFile[],
  path: string[],
  body: Json,
): void {
  const errors = new FormErrors();
  const isV2 = (message.flags & MessageFlag.componentsV2) !== 0;
  const filenames = new Set([
    ...message.attachments.map((file) => file.filename),
    ...files.map((file) => file.filename),
  ]);
  if (isV2) {
    for (const key of ['content', 'embeds', 'poll', 'sticker_ids'] as const) {
      const own = key === 'content' || key === 'embeds' ? message[key] : body[key];
      if (own && (typeof own !== 'object' || asArray(own).length > 0)) {
        errors.add(
          [...path, key],
          'MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2',
          `The '${key}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2`,
        );
      }
    }
  }
  if (message.content.length > 2000) {
    errors.add([...path, 'content'], 'BASE_TYPE_MAX_LENGTH', 'Must be 2000 or fewer in length.');
  }
  const nonce = message.nonce;
  if (typeof nonce === 'string' && nonce.length > 25) {
    errors.add([...path, 'nonce'], 'NONCE_TYPE_TOO_LONG', 'Must be 25 or fewer in length.');
  }
  checkEmbeds(errors, [...path, 'embeds'], message.embeds);
  checkAttachmentMeta(errors, [...path, 'attachments'], body, filenames.size, message, files);
  checkMessageComponents(errors, [...path, 'components'], message.components, isV2, filenames);
  errors.throwIfAny();
  const hasBody =
    message.content.trim() !== '' ||
    message.embeds.length > 0 ||
    message.components.length > 0 ||
    filenames.size > 0 ||
    Boolean(body.poll);
  if (!hasBody) throw refuse.emptyMessage();
}

function checkAttachmentMeta(
  errors: FormErrors,
  path: string[],
  body: Json,
  names: number,
  message: MessageRecord,
  files: UploadedFile[],
): void {
  if (Math.max(names, message.attachments.length + files.length) > 10) {
    errors.add(path, 'BASE_TYPE_MAX_LENGTH', 'Must be 10 or fewer in length.');
  }
  for (const [index, item] of asObjects(body.attachments).entries()) {
    errors.length([...path, String(index), 'description'], item.description, 0, 1024);
  }
}

function checkEmbeds(errors: FormErrors, path: string[], embeds: Json[]): void {
  if (embeds.length > 10) {
    errors.add(path, 'BASE_TYPE_MAX_LENGTH', 'Must be 10 or fewer in length.');
  }
  let total = 0;
  const text = (at: (string | number)[], value: unknown, max: number) => {
    errors.length(at, value, 0, max);
    total += asString(value)?.length ?? 0;
  };
  for (const [index, embed] of embeds.entries()) {
    const at = [...path, index];
    text([...at, 'title'], embed.title, 256);
    text([...at, 'description'], embed.description, 4096);
    text([...at, 'footer', 'text'], asObject(embed.footer)?.text, 2048);
    text([...at, 'author', 'name'], asObject(embed.author)?.name, 256);
    const fields = asObjects(embed.fields);
    if (fields.length > 25) {
      errors.add([...at, 'fields'], 'BASE_TYPE_MAX_LENGTH', 'Must be 25 or fewer in length.');
    }
    for (const [number, field] of fields.entries()) {
      text([...at, 'fields', number, 'name'], field.name, 256);
      text([...at, 'fields', number, 'value'], field.value, 1024);
    }
  }
  if (total > 6000) {
    errors.add(path, 'MAX_EMBED_SIZE_EXCEEDED', 'Embed size exceeds maximum size of 6000');
  }
}

/** Stores a request's files as the message's attachments; `attachments[].id` is the index of `files[n]`. */
function storeFiles(
  world: World,
  message: MessageRecord,
  body: Json,
  files: UploadedFile[],
): AttachmentRecord[] {
  const meta = new Map(asObjects(body.attachments).map((item) => [String(item.id), item]));
  return files.map((file) => {
    const index = /^files\[(\d+)\]$/.exec(file.field)?.[1] ?? '';
    const about = meta.get(index);
    return world.files.put(
      { ...file, filename: asString(about?.filename) ?? file.filename },
      { kind: 'attachments', scopeId: message.channelId },
      { description: asString(about?.description) ?? null },
    );
  });
}

/** @returns the messages of a channel, oldest first, that a viewer may see; ephemeral ones only for their user */
export function visibleMessages(
  world: World,
  channelId: string,
  viewerId: string | null,
): MessageRecord[] {
  return [...world.messages.values()].filter(
    (message) =>
      message.channelId === channelId &&
      (message.visibleTo === null || message.visibleTo === viewerId),
  );
}
