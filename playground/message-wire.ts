/** @file Stored messages in their wire shape: links signed anew, media of embeds and components resolved. */
import type { APIMessage } from 'discord-api-types/v10';
import type { AttachmentRecord } from './files.ts';
import type { ComponentJson, Json } from './json.ts';
import { asComponents, asObject, asObjects, asString } from './json.ts';
import { toIso, userToWire } from './wire.ts';
import type { MessageRecord, World } from './world.ts';

/** Message flag bits the playground understands. */
export const MessageFlag = {
  suppressEmbeds: 1 << 2,
  ephemeral: 1 << 6,
  loading: 1 << 7,
  suppressNotifications: 1 << 12,
  componentsV2: 1 << 15,
} as const;

/** @returns a message with freshly signed links */
export function messageToWire(world: World, message: MessageRecord): APIMessage {
  const shown = new Set<string>();
  const resolveMedia = (media: unknown): Json => mediaToWire(world, message, media, shown);
  const embeds = message.embeds.map((embed) => embedToWire(embed, resolveMedia));
  const components = message.components.map((component) =>
    componentToWire(component, resolveMedia, message.attachments),
  );
  const reference = message.referenceId ? world.messages.get(message.referenceId) : undefined;
  const guildId = world.channels.get(message.channelId)?.guildId;
  const base: Json = {
    id: message.id,
    type: message.origin?.commandName ? 20 : message.referenceId ? 19 : 0,
    channel_id: message.channelId,
    author: userToWire(world, message.authorId),
    content: message.content,
    timestamp: toIso(message.createdAt),
    edited_timestamp: message.editedAt === null ? null : toIso(message.editedAt),
    tts: message.tts,
    mention_everyone: message.mentionEveryone,
    mentions: message.mentionIds.map((id) => userToWire(world, id)),
    mention_roles: [],
    // Discord leaves out attachments that an embed or component already shows.
    attachments: message.attachments
      .filter((attachment) => !shown.has(attachment.id))
      .map((attachment) => world.files.toWire(attachment)),
    embeds,
    components,
    pinned: false,
    flags: message.flags,
    ...(message.nonce === null ? {} : { nonce: message.nonce }),
    ...(message.reactions.size > 0 ? { reactions: reactionsToWire(message) } : {}),
  };
  if (message.origin) {
    base.application_id = world.application.id;
    base.webhook_id = world.application.id;
    base.interaction_metadata = originToWire(world, message);
  }
  if (message.referenceId) {
    base.message_reference = {
      type: 0,
      channel_id: message.channelId,
      message_id: message.referenceId,
      ...(guildId ? { guild_id: guildId } : {}),
    };
    base.referenced_message = reference
      ? messageToWire(world, { ...reference, referenceId: null })
      : null;
  }
  return base as unknown as APIMessage;
}

function reactionsToWire({ reactions }: MessageRecord): Json[] {
  return [...reactions].map(([name, users]) => ({
    emoji: { id: null, name },
    count: users.size,
    count_details: { burst: 0, normal: users.size },
    burst_colors: [],
    me_burst: false,
    burst_me: false,
    me: false,
    burst_count: 0,
  }));
}

function originToWire(world: World, message: MessageRecord): Json {
  const origin = message.origin;
  if (!origin) return {};
  const guildId = world.channels.get(message.channelId)?.guildId;
  const common = {
    id: origin.id,
    user: userToWire(world, origin.userId),
    authorizing_integration_owners: { '0': guildId ?? '0' },
  };
  if (origin.type === 5) {
    const triggering = { ...common, type: 2, name: origin.commandName ?? '' };
    return { ...common, type: 5, triggering_interaction_metadata: triggering };
  }
  return {
    ...common,
    type: origin.type,
    ...(origin.commandName ? { name: origin.commandName } : {}),
    ...(origin.interactedMessageId ? { interacted_message_id: origin.interactedMessageId } : {}),
  };
}

/** Turns `attachment://name` and plain links into unfurled media; notes which attachments are shown. */
function mediaToWire(
  world: World,
  message: MessageRecord,
  media: unknown,
  shown: Set<string>,
): Json {
  const url = asString(asObject(media)?.url) ?? '';
  const name = url.startsWith('attachment://') ? url.slice('attachment://'.length) : undefined;
  // A bot that sends back what it was shown names its own attachment by link.
  const attachment = message.attachments.find(
    (file) => file.filename === name || url.includes(`/attachments/${file.scopeId}/${file.id}/`),
  );
  if (!attachment) return { id: message.id, url, proxy_url: url };
  shown.add(attachment.id);
  const wire = world.files.toWire(attachment);
  return {
    id: attachment.id,
    url: wire.url,
    proxy_url: wire.proxy_url,
    width: attachment.width,
    height: attachment.height,
    content_type: attachment.contentType,
    attachment_id: attachment.id,
  };
}

function embedToWire(embed: Json, resolveMedia: (media: unknown) => Json): Json {
  const shownMedia = (key: 'image' | 'thumbnail') => {
    if (!embed[key]) return {};
    const { url, proxy_url, width, height, content_type } = resolveMedia(embed[key]);
    if (typeof width !== 'number') return { [key]: { url } };
    return { [key]: { url, proxy_url, width, height, content_type } };
  };
  return { type: 'rich', ...embed, ...shownMedia('image'), ...shownMedia('thumbnail') };
}

/** What Discord adds to a component of each type when it shows it. */
function componentToWire(
  component: ComponentJson,
  resolveMedia: (media: unknown) => Json,
  attachments: AttachmentRecord[],
): Json {
  const nested = (child: ComponentJson) => componentToWire(child, resolveMedia, attachments);
  const children = { components: asComponents(component.components).map(nested) };
  switch (component.type) {
    case 1:
      return { ...component, ...children };
    case 3:
    case 5:
    case 6:
    case 7:
    case 8:
      return { min_values: 1, max_values: 1, ...component };
    case 9: {
      const accessory = asComponents([component.accessory]).map(nested)[0];
      return { ...component, ...children, accessory };
    }
    case 11:
      return {
        description: null,
        spoiler: false,
        ...component,
        media: resolveMedia(component.media),
      };
    case 12: {
      const items = asObjects(component.items).map((item) => ({
        description: null,
        spoiler: false,
        ...item,
        media: resolveMedia(item.media),
      }));
      return { ...component, items };
    }
    case 13: {
      const file = resolveMedia(component.file);
      const stored = attachments.find((attachment) => attachment.id === file.attachment_id);
      const facts = { name: stored?.filename ?? null, size: stored?.sizeBytes ?? null };
      return { spoiler: false, ...component, ...facts, file };
    }
    case 14:
      return { spacing: 1, divider: true, ...component };
    case 17:
      return { accent_color: null, spoiler: false, ...component, ...children };
    default:
      return component;
  }
}
