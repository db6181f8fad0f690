/** @file The life of an interaction: answered within 3 s, once, and then reachable for 15 min by its token. */
import type { GatewayInteractionCreateDispatchData } from 'discord-api-types/v10';
import { DiscordError, refuse } from './discord-error.ts';
import type { UploadedFile } from './files.ts';
import type { Json } from './json.ts';
import { asNumber, asObject, asObjects } from './json.ts';
import { MessageFlag, messageToWire } from './message-wire.ts';
import { createMessage, deleteMessage, editMessage } from './messages.ts';
import { checkChoices, checkModal } from './modal-limits.ts';
import type { MessageOrigin, MessageRecord, World } from './world.ts';

/** The first answer must come within this time. */
export const ANSWER_DEADLINE_MS = 3000;

/** The token works for this time. */
export const TOKEN_LIFETIME_MS = 15 * 60 * 1000;

/** Interaction types. */
export const InteractionKind = { command: 2, component: 3, autocomplete: 4, modal: 5 } as const;

/** Callback types. */
export const CallbackKind = {
  pong: 1,
  message: 4,
  deferredMessage: 5,
  deferredUpdate: 6,
  update: 7,
  choices: 8,
  modal: 9,
} as const;

/** An interaction and what the bot has done with it. */
export interface InteractionRecord {
  id: string;
  token: string;
  type: number;
  createdAt: number;
  userId: string;
  guildId: string | null;
  channelId: string;
  commandName: string | null;
  /** The message whose button, select or modal this is. */
  sourceMessageId: string | null;
  sizeLimitBytes: number;
  /** What the bot received. */
  payload: GatewayInteractionCreateDispatchData;
  callbackType: number | null;
  modal: Json | null;
  modalSubmitted: boolean;
  choices: Json[] | null;
  originalMessageId: string | null;
  /** The revision of the original message when the bot answered. */
  answeredAtRevision: number;
  /** Whether the first follow-up still has to take the place of a deferred answer. */
  awaitsDeferred: boolean;
  followUpIds: string[];
  /** Set by a fault: the token stops working at once. */
  tokenRevoked: boolean;
}

/** @throws {DiscordError} 404, 10062 for an unknown or late interaction; 400, 40060 for a second answer */
export function interactionForCallback(
  world: World,
  id: string | undefined,
  token: string | undefined,
): InteractionRecord {
  const interaction = world.interactions.get(id ?? '');
  if (!interaction || interaction.token !== token) throw refuse.unknownInteraction();
  if (interaction.callbackType !== null) throw refuse.alreadyAcknowledged();
  if (world.clock.now() - interaction.createdAt > ANSWER_DEADLINE_MS) {
    throw refuse.unknownInteraction();
  }
  return interaction;
}

/** @throws {DiscordError} 404, 10015 for an unknown or unanswered interaction; 401, 50027 after 15 min */
export function interactionForWebhook(
  world: World,
  applicationId: string | undefined,
  token: string | undefined,
): InteractionRecord {
  const interaction = [...world.interactions.values()].find((item) => item.token === token);
  if (!interaction || applicationId !== world.application.id) throw refuse.unknownWebhook();
  const expired = world.clock.now() - interaction.createdAt > TOKEN_LIFETIME_MS;
  if (expired || interaction.tokenRevoked) throw refuse.invalidWebhookToken();
  if (interaction.callbackType === null) throw refuse.unknownWebhook();
  return interaction;
}

/** Callback types each interaction type may be answered with. */
const answersByType: Record<number, readonly number[]> = {
  [InteractionKind.command]: [4, 5, 9],
  [InteractionKind.component]: [4, 5, 6, 7, 9],
  [InteractionKind.autocomplete]: [8],
  [InteractionKind.modal]: [4, 5],
};

/** Applies the bot's first answer. @returns the body of a `with_response` answer */
export function answerInteraction(
  world: World,
  interaction: InteractionRecord,
  body: Json,
  files: UploadedFile[],
): Json {
  const type = asNumber(body.type) ?? 0;
  const data = asObject(body.data) ?? {};
  const allowed = [...(answersByType[interaction.type] ?? [])];
  const isModalOfMessage =
    interaction.type === InteractionKind.modal && interaction.sourceMessageId !== null;
  if (isModalOfMessage) allowed.push(CallbackKind.deferredUpdate, CallbackKind.update);
  if (!allowed.includes(type)) {
    const message = `Value must be one of {${allowed.join(', ')}}.`;
    throw new DiscordError(400, 50035, 'Invalid Form Body', {
      type: { _errors: [{ code: 'BASE_TYPE_CHOICES', message }] },
    });
  }
  applyAnswer(world, interaction, type, data, files);
  interaction.callbackType = type;
  const original = world.messages.get(interaction.originalMessageId ?? '');
  interaction.answeredAtRevision = original?.revision ?? 0;
  world.touch();
  return describeAnswer(world, interaction);
}

function applyAnswer(
  world: World,
  interaction: InteractionRecord,
  type: number,
  data: Json,
  files: UploadedFile[],
): void {
  switch (type) {
    case CallbackKind.message:
      interaction.originalMessageId = postAnswer(world, interaction, data, files, ['data']).id;
      break;
    case CallbackKind.deferredMessage: {
      const flags = (asNumber(data.flags) ?? 0) & MessageFlag.ephemeral;
      const placeholder = postAnswer(world, interaction, { flags }, [], [], MessageFlag.loading);
      interaction.originalMessageId = placeholder.id;
      interaction.awaitsDeferred = true;
      break;
    }
    case CallbackKind.deferredUpdate:
      interaction.originalMessageId = interaction.sourceMessageId;
      break;
    case CallbackKind.update: {
      const source = world.messages.get(interaction.sourceMessageId ?? '');
      if (!source) throw refuse.unknownMessage();
      editMessage(world, source, data, files, ['data'], interaction.sizeLimitBytes);
      interaction.originalMessageId = source.id;
      break;
    }
    case CallbackKind.choices:
      checkChoices(data.choices);
      interaction.choices = asObjects(data.choices);
      break;
    case CallbackKind.modal:
      checkModal(data);
      interaction.modal = data;
      break;
  }
}

function postAnswer(
  world: World,
  interaction: InteractionRecord,
  body: Json,
  files: UploadedFile[],
  path: string[],
  extraFlags = 0,
): MessageRecord {
  const channel = world.channels.get(interaction.channelId);
  if (!channel) throw refuse.unknownChannel();
  const ephemeral = (asNumber(body.flags) ?? 0) & MessageFlag.ephemeral;
  return createMessage(world, {
    channel,
    authorId: world.application.botId,
    body,
    files,
    path,
    visibleTo: ephemeral ? interaction.userId : null,
    origin: originOf(interaction),
    extraFlags: extraFlags | ephemeral,
    sizeLimitBytes: interaction.sizeLimitBytes,
  });
}

function originOf(interaction: InteractionRecord): MessageOrigin {
  return {
    id: interaction.id,
    type: interaction.type,
    userId: interaction.userId,
    commandName: interaction.commandName,
    interactedMessageId:
      interaction.type === InteractionKind.component ? interaction.sourceMessageId : null,
  };
}

function describeAnswer(world: World, interaction: InteractionRecord): Json {
  const message = world.messages.get(interaction.originalMessageId ?? '');
  const callback: Json = { id: interaction.id, type: interaction.type };
  if (message) {
    callback.response_message_id = message.id;
    callback.response_message_loading = (message.flags & MessageFlag.loading) !== 0;
    callback.response_message_ephemeral = message.visibleTo !== null;
  }
  callback.channel_id = interaction.channelId;
  if (interaction.guildId !== null) callback.guild_id = interaction.guildId;
  const type = interaction.callbackType;
  // Discord shows the message for every answer that makes or names one, also for deferred ones.
  const resource = message ? { type, message: messageToWire(world, message) } : undefined;
  return resource ? { interaction: callback, resource } : { interaction: callback };
}

/** Posts a follow-up; the first one after a deferred answer completes that answer instead. */
export function followUp(
  world: World,
  interaction: InteractionRecord,
  body: Json,
  files: UploadedFile[],
): MessageRecord {
  const original = world.messages.get(interaction.originalMessageId ?? '');
  if (interaction.awaitsDeferred && original) {
    interaction.awaitsDeferred = false;
    return editMessage(world, original, body, files, [], interaction.sizeLimitBytes);
  }
  const message = postAnswer(world, interaction, body, files, []);
  interaction.followUpIds.push(message.id);
  world.touch();
  return message;
}

/** @returns a message that the interaction's token reaches: `@original` or one by id @throws {DiscordError} 404, 10008 */
export function messageOfInteraction(
  world: World,
  interaction: InteractionRecord,
  messageId: string | undefined,
): MessageRecord {
  const id = messageId === '@original' ? interaction.originalMessageId : messageId;
  const reachable = [interaction.originalMessageId, ...interaction.followUpIds];
  const message = world.messages.get(id ?? '');
  if (!message || !reachable.includes(message.id)) throw refuse.unknownMessage();
  return message;
}

/** Edits a message through the interaction's token. */
export function editThroughInteraction(
  world: World,
  interaction: InteractionRecord,
  messageId: string | undefined,
  body: Json,
  files: UploadedFile[],
): MessageRecord {
  const message = messageOfInteraction(world, interaction, messageId);
  if (message.id === interaction.originalMessageId) interaction.awaitsDeferred = false;
  return editMessage(world, message, body, files, [], interaction.sizeLimitBytes);
}

/** Deletes a message through the interaction's token. */
export function deleteThroughInteraction(
  world: World,
  interaction: InteractionRecord,
  messageId: string | undefined,
): void {
  deleteMessage(world, messageOfInteraction(world, interaction, messageId));
}
