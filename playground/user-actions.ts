/** @file What people do in the playground: run commands, type, click, fill modals, write messages. */
import type { APIMessage } from 'discord-api-types/v10';
import type { CommandEntry } from './command-options.ts';
import { buildOptions } from './command-options.ts';
import { numberComponents } from './component-numbers.ts';
import type { ActionOutcome, ActionSettings, InteractionSubject, Place } from './delivery.ts';
import { awaitOutcome, deliver, findPlace, findUser, outcomeOf } from './delivery.ts';
import { DiscordError, FormErrors, refuse } from './discord-error.ts';
import type { FaultRules } from './faults.ts';
import { FILE_SIZE_LIMIT_BYTES } from './files.ts';
import type { InteractionRecord } from './interactions.ts';
import { InteractionKind } from './interactions.ts';
import type { ComponentJson, Json } from './json.ts';
import { asArray, asComponents, asNumber, asObjects, asString } from './json.ts';
import { messageToWire } from './message-wire.ts';
import { createMessage, deleteMessage } from './messages.ts';
import type { ModalEntry } from './modal-values.ts';
import { buildModalComponents, resolveSelected } from './modal-values.ts';
import { addReaction, removeReaction } from './reactions.ts';
import type { FileInput } from './resolved.ts';
import { createResolved, readUpload } from './resolved.ts';
import type { MessageRecord, World } from './world.ts';

/** A slash command, or a context menu command with its `target`. */
export interface CommandAction extends ActionSettings, CommandEntry {
  name: string;
  /** For context menu commands: the id of the message or user. */
  target?: string;
}

/** Typing into an option with autocomplete. */
export interface AutocompleteAction extends ActionSettings {
  name: string;
  subcommandGroup?: string;
  subcommand?: string;
  /** The option being typed. */
  focused: string;
  /** What stands in it so far. */
  value: string;
  /** Other options filled in already. */
  options?: Record<string, string | number | boolean>;
}

/** A click on a button, or a choice in a select. */
export interface ClickAction extends ActionSettings {
  /** The message's id. */
  message: string;
  customId: string;
  values?: string[];
}

/** Submitting a modal that the bot opened for this user. */
export interface ModalAction extends ActionSettings, ModalEntry {
  customId: string;
  /** The interaction that opened it. Default: the latest of this user with this custom id. */
  interaction?: string;
}

/** A reaction under a message. */
export interface ReactionAction {
  user: string;
  /** The message's id. */
  message: string;
  emoji: string;
}

/** A message that a person writes. */
export interface SayAction {
  user: string;
  guild?: string;
  channel?: string;
  dm?: boolean;
  content?: string;
  files?: FileInput[];
}

const ADMINISTRATOR = 1n << 3n;
const chatInput = 1;
const userMenu = 2;

/** Everything people can do. */
export interface UserActions {
  command(action: CommandAction): Promise<ActionOutcome>;
  autocomplete(action: AutocompleteAction): Promise<ActionOutcome>;
  click(action: ClickAction): Promise<ActionOutcome>;
  modal(action: ModalAction): Promise<ActionOutcome>;
  /** Writes a message as a person. */
  say(action: SayAction): APIMessage;
  /** Deletes any message, as a moderator would. */
  deleteMessage(messageId: string): void;
  react(action: ReactionAction): void;
  /** Takes a reaction back. */
  unreact(action: ReactionAction): void;
  /** @returns what came of an earlier interaction, after waiting when `until` is given */
  outcome(
    interactionId: string,
    settings?: Pick<ActionSettings, 'until' | 'timeoutMs'>,
  ): Promise<ActionOutcome>;
}

/** Binds the actions to a world, and their faults to its rules. */
export function createUserActions(world: World, rules: Pick<FaultRules, 'add'>): UserActions {
  const send = (place: Place, subject: InteractionSubject, action: ActionSettings) =>
    awaitOutcome(world, deliver(world, rules, place, subject, action), action);
  return {
    async command(action) {
      const place = findPlace(world, action);
      const definition = findCommand(world, place, action.name, action.forge ?? false);
      checkMayRun(place, definition, action);
      const resolved = createResolved(world, place.guild, action);
      const data: Json = { id: definition.id, name: action.name, type: definition.type };
      if (definition.guild_id) data.guild_id = definition.guild_id;
      if (definition.type === chatInput) {
        data.options = buildOptions(definition, action, resolved, {
          forge: action.forge ?? false,
          focused: null,
          sizeLimitBytes: action.attachmentSizeLimit ?? FILE_SIZE_LIMIT_BYTES,
        });
      } else {
        data.target_id = action.target ?? '';
        if (definition.type === userMenu) {
          if (!resolved.addUser(action.target ?? '')) throw refuse.unknownUser();
        } else resolved.addMessage(visibleMessage(world, place, action.target));
      }
      const things = resolved.toWire();
      if (things) data.resolved = things;
      const subject = { type: InteractionKind.command, data, commandName: action.name };
      return send(place, subject, action);
    },

    async autocomplete(action) {
      const place = findPlace(world, action);
      const forge = action.forge ?? false;
      const definition = findCommand(world, place, action.name, forge);
      const options = { ...action.options, [action.focused]: action.value };
      const resolved = createResolved(world, place.guild, action);
      const data: Json = {
        id: definition.id,
        name: action.name,
        type: chatInput,
        options: buildOptions(definition, { ...action, options }, resolved, {
          forge,
          focused: action.focused,
          sizeLimitBytes: FILE_SIZE_LIMIT_BYTES,
        }),
      };
      const subject = { type: InteractionKind.autocomplete, data, commandName: action.name };
      return send(place, subject, action);
    },

    async click(action) {
      const message = world.messages.get(action.message);
      if (!message) throw refuse.unknownMessage();
      const place = findPlace(world, { ...action, channel: message.channelId });
      if (!action.forge) visibleMessage(world, place, message.id);
      const component = findComponent(message.components, action.customId);
      if (!component && !action.forge) {
        throw new DiscordError(400, 50035, `The message has no component ${action.customId}.`);
      }
      const type = component?.type ?? (action.values ? 3 : 2);
      if (component && !action.forge) checkClick(component, action.values);
      const resolved = createResolved(world, place.guild, action);
      const data: Json = { custom_id: action.customId, component_type: type };
      if (component) data.id = component.id;
      if (type !== 2) {
        data.values = action.values ?? [];
        for (const id of action.values ?? []) resolveSelected(resolved, type, id);
        const things = resolved.toWire();
        if (things) data.resolved = things;
      }
      const subject = { type: InteractionKind.component, data, message };
      return send(place, subject, action);
    },

    async modal(action) {
      const user = findUser(world, action.user);
      const opener = findModal(world, user.id, action);
      const place = findPlace(
        world,
        opener ? { ...action, dm: false, channel: opener.channelId } : action,
      );
      const resolved = createResolved(world, place.guild, action);
      const components = numberComponents(asComponents(opener?.modal?.components));
      const data: Json = {
        custom_id: action.customId,
        components: buildModalComponents(components, action, resolved, {
          forge: action.forge ?? false,
          sizeLimitBytes: action.attachmentSizeLimit ?? FILE_SIZE_LIMIT_BYTES,
        }),
      };
      const things = resolved.toWire();
      if (things) data.resolved = things;
      if (opener) opener.modalSubmitted = true;
      const message = world.messages.get(opener?.sourceMessageId ?? '') ?? null;
      const commandName = opener?.commandName ?? null;
      const subject = { type: InteractionKind.modal, data, message, commandName };
      return send(place, subject, action);
    },

    say(action) {
      const { user, channel } = findPlace(world, action);
      const message = createMessage(world, {
        channel,
        authorId: user.id,
        body: { content: action.content ?? '' },
        files: (action.files ?? []).map(readUpload),
      });
      return messageToWire(world, message);
    },

    deleteMessage(messageId) {
      deleteMessage(world, anyMessage(world, messageId));
    },

    react({ user, message, emoji }) {
      addReaction(world, anyMessage(world, message), findUser(world, user).id, emoji);
    },

    unreact({ user, message, emoji }) {
      removeReaction(world, anyMessage(world, message), findUser(world, user).id, emoji);
    },

    async outcome(interactionId, settings) {
      const record = world.interactions.get(interactionId);
      if (!record) throw refuse.unknownInteraction();
      return settings ? awaitOutcome(world, record, settings) : outcomeOf(world, record);
    },
  };
}

function findCommand(world: World, { guild }: Place, name: string, forge: boolean): Json {
  const inGuild = guild ? (world.commands.get(guild.id) ?? []) : [];
  const known = [...inGuild, ...(world.commands.get('global') ?? [])];
  const command = known.find((item) => item.name === name);
  if (command) return command as unknown as Json;
  if (!forge) throw refuse.unknownCommand();
  return { id: world.mint(), name, type: chatInput };
}

/** Discord hides commands from people who may not run them; here that is an error. */
function checkMayRun(
  { user, guild, channel }: Place,
  definition: Json,
  { forge, install }: ActionSettings,
): void {
  if (forge) return;
  const installs = asArray(definition.integration_types);
  if (!installs.includes(install === 'user' ? 1 : 0)) throw refuse.unknownCommand();
  const needed = BigInt(asString(definition.default_member_permissions) ?? 0);
  const granted = guild?.members.get(user.id)?.permissions ?? 0n;
  const isAdministrator = (granted & ADMINISTRATOR) !== 0n;
  if (guild && (granted & needed) !== needed && !isAdministrator) throw refuse.missingPermissions();
  if (definition.nsfw === true && guild && !channel.nsfw) throw refuse.missingAccess();
  const contexts = asArray(definition.contexts);
  if (contexts.length > 0 && !contexts.includes(guild ? 0 : 1)) throw refuse.unknownCommand();
}

function anyMessage(world: World, id: string): MessageRecord {
  const message = world.messages.get(id);
  if (!message) throw refuse.unknownMessage();
  return message;
}

function visibleMessage(world: World, { user, channel }: Place, id = ''): MessageRecord {
  const message = world.messages.get(id);
  const isVisible =
    message?.channelId === channel.id &&
    (message.visibleTo === null || message.visibleTo === user.id);
  if (!message || !isVisible) throw refuse.unknownMessage();
  return message;
}

function findComponent(components: ComponentJson[], customId: string): ComponentJson | undefined {
  for (const component of components) {
    if (component.custom_id === customId) return component;
    const nested = [...asComponents(component.components)];
    nested.push(...asComponents([component.accessory]));
    const found = findComponent(nested, customId);
    if (found) return found;
  }
  return undefined;
}

function checkClick(component: ComponentJson, values: string[] | undefined): void {
  const errors = new FormErrors();
  if (component.disabled === true) {
    errors.add(['custom_id'], 'DISABLED', 'This component is disabled.');
  }
  if (component.type !== 2) {
    const count = values?.length ?? 0;
    const min = asNumber(component.min_values) ?? 1;
    const max = asNumber(component.max_values) ?? 1;
    if (count < min || count > max) {
      errors.add(
        ['values'],
        'BASE_TYPE_BAD_LENGTH',
        `Must be between ${min} and ${max} in length.`,
      );
    }
    const options = asObjects(component.options);
    for (const value of component.type === 3 ? (values ?? []) : []) {
      if (!options.some((option) => option.value === value)) {
        errors.add(['values'], 'BASE_TYPE_CHOICES', `${value} is not one of the options.`);
      }
    }
  }
  errors.throwIfAny();
}

function findModal(
  world: World,
  userId: string,
  action: ModalAction,
): InteractionRecord | undefined {
  const open = [...world.interactions.values()].filter(
    (item) =>
      item.userId === userId && item.modal?.custom_id === action.customId && !item.modalSubmitted,
  );
  const found =
    action.interaction === undefined
      ? open.at(-1)
      : open.find((item) => item.id === action.interaction);
  if (!found && !action.forge) {
    throw new DiscordError(400, 50035, `No open modal ${action.customId} for this user.`);
  }
  return found;
}
