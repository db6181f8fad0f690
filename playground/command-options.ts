/** @file From what a user types into a slash command to the `options` of the interaction, with Discord's checks. */
import { FormErrors, refuse } from './discord-error.ts';
import { extensionOf } from './files.ts';
import type { Json } from './json.ts';
import { asArray, asNumber, asObjects, asString } from './json.ts';
import type { FileInput, Resolved } from './resolved.ts';
import { readUpload } from './resolved.ts';

/** What the user filled in. */
export interface CommandEntry {
  subcommandGroup?: string;
  subcommand?: string;
  options?: Record<string, string | number | boolean>;
  files?: Record<string, FileInput | FileInput[]>;
}

/** Settings of one conversion. */
export interface OptionSettings {
  /** Sends what was entered although Discord would refuse it. */
  forge: boolean;
  /** The option being typed, for autocomplete: nothing is required and values may be partial. */
  focused: string | null;
  sizeLimitBytes: number;
}

/** Option types. */
const OptionType = {
  subcommand: 1,
  group: 2,
  string: 3,
  integer: 4,
  boolean: 5,
  user: 6,
  channel: 7,
  role: 8,
  mentionable: 9,
  number: 10,
  attachment: 11,
} as const;

/** What `file_types: ['image']` lets through, by extension only. */
const imageExtensions = new Set(['png', 'gif', 'jpg', 'jpeg', 'jfif', 'webp', 'avif']);

/** @returns whether a file name passes a `file_types` filter */
export function passesFileTypes(filename: string, fileTypes: unknown): boolean {
  const types = asArray(fileTypes);
  if (types.length === 0) return true;
  const extension = extensionOf(filename);
  return types.some((type) => {
    if (type === 'image') return imageExtensions.has(extension);
    if (type === 'video') return ['mp4', 'mov', 'webm', 'mkv'].includes(extension);
    if (type === 'audio') return ['mp3', 'ogg', 'wav', 'flac', 'm4a'].includes(extension);
    return typeof type === 'string' && type.toLowerCase() === `.${extension}`;
  });
}

/**
 * Builds the `options` of a chat input or autocomplete interaction.
 *
 * @throws {DiscordError} 400, 50035 when Discord's own client would not let this be sent
 */
export function buildOptions(
  definition: Json,
  entry: CommandEntry,
  resolved: Resolved,
  settings: OptionSettings,
): Json[] {
  const errors = new FormErrors();
  const { subcommandGroup, subcommand } = entry;
  const names = [subcommandGroup, subcommand].filter((name) => name !== undefined);
  let level = asObjects(definition.options);
  const wrappers: Json[] = [];
  for (const [depth, name] of names.entries()) {
    const found = level.find((option) => option.name === name);
    if (!found && !settings.forge) errors.add(['options'], 'UNKNOWN', `No subcommand ${name}.`);
    const isGroup = depth === 0 && names.length === 2;
    wrappers.push({ name, type: isGroup ? OptionType.group : OptionType.subcommand });
    level = asObjects(found?.options);
  }
  const needsSubcommand = level.some(
    (option) => option.type === OptionType.subcommand || option.type === OptionType.group,
  );
  if (needsSubcommand && !settings.forge) {
    errors.add(['options'], 'REQUIRED', 'This command needs a subcommand.');
  }
  const given = { ...entry.options, ...entry.files };
  for (const name of Object.keys(given)) {
    if (!settings.forge && !level.some((option) => option.name === name)) {
      errors.add(['options', name], 'UNKNOWN', `No option ${name}.`);
    }
  }
  errors.throwIfAny();
  let options = settings.forge
    ? Object.keys(given).map((name) => level.find((item) => item.name === name) ?? { name })
    : level;
  options = options.flatMap((option) => {
    const built = buildOption(errors, option, entry, resolved, settings);
    return built;
  });
  const uploads = options.filter((option) => option.type === OptionType.attachment);
  if (uploads.length > 10 && !settings.forge) {
    errors.add(['options'], 'BASE_TYPE_MAX_LENGTH', 'Must be 10 or fewer attachments.');
  }
  errors.throwIfAny();
  return wrappers.reduceRight<Json[]>(
    (inner, wrapper) => [{ ...wrapper, options: inner }],
    options,
  );
}

function buildOption(
  errors: FormErrors,
  definition: Json,
  entry: CommandEntry,
  resolved: Resolved,
  settings: OptionSettings,
): Json[] {
  const name = asString(definition.name) ?? '';
  const files = [entry.files?.[name] ?? []].flat();
  const value = entry.options?.[name];
  const path = ['options', name];
  if (files.length > 0) {
    if (files.length > 1 && !settings.forge) {
      errors.add(path, 'BASE_TYPE_MAX_LENGTH', 'An attachment option takes one file.');
      return [];
    }
    return files.map((file) => {
      const upload = readUpload(file);
      if (!settings.forge) {
        if (upload.bytes.length > settings.sizeLimitBytes) throw refuse.tooLarge();
        if (!passesFileTypes(upload.filename, definition.file_types)) {
          errors.add(path, 'FILE_TYPE_INVALID', 'This type of file is not allowed here.');
        }
      }
      return { name, type: OptionType.attachment, value: resolved.addUpload(upload).id };
    });
  }
  const isFocused = settings.focused === name;
  if (value === undefined) {
    if (isFocused) return [{ name, type: definition.type, value: '', focused: true }];
    if (definition.required === true && settings.focused === null && !settings.forge) {
      errors.add(path, 'BASE_TYPE_REQUIRED', 'This field is required');
    }
    return [];
  }
  const type = asNumber(definition.type) ?? guessType(value);
  const known = addResolved(resolved, type, String(value));
  if (!settings.forge && !isFocused) {
    if (!known) errors.add(path, 'UNKNOWN', `${value} is not known here.`);
    checkValue(errors, path, definition, type, value);
  }
  return [{ name, type, value, ...(isFocused ? { focused: true } : {}) }];
}

function guessType(value: string | number | boolean): number {
  if (typeof value === 'string') return OptionType.string;
  return typeof value === 'boolean' ? OptionType.boolean : OptionType.number;
}

/** @returns false when the type wants an id and the id is unknown */
function addResolved(resolved: Resolved, type: number, id: string): boolean {
  if (type === OptionType.user) return resolved.addUser(id);
  if (type === OptionType.role) return resolved.addRole(id);
  if (type === OptionType.channel) return resolved.addChannel(id);
  if (type === OptionType.mentionable) return resolved.addUser(id) || resolved.addRole(id);
  return true;
}

function checkValue(
  errors: FormErrors,
  path: string[],
  definition: Json,
  type: number,
  value: string | number | boolean,
): void {
  const wanted =
    type === OptionType.integer || type === OptionType.number
      ? 'number'
      : type === OptionType.boolean
        ? 'boolean'
        : 'string';
  if (typeof value !== wanted || (type === OptionType.integer && !Number.isInteger(value))) {
    errors.add(path, 'BASE_TYPE_INVALID', `Must be of option type ${type}.`);
    return;
  }
  const bad = (message: string) => errors.add(path, 'BASE_TYPE_BAD_RANGE', message);
  if (typeof value === 'number') {
    const min = asNumber(definition.min_value) ?? Number.NEGATIVE_INFINITY;
    const max = asNumber(definition.max_value) ?? Number.POSITIVE_INFINITY;
    if (value < min || value > max) bad(`Must be between ${min} and ${max}.`);
  }
  if (typeof value === 'string' && type === OptionType.string) {
    const min = asNumber(definition.min_length) ?? 0;
    const max = asNumber(definition.max_length) ?? 6000;
    if (value.length < min || value.length > max) bad(`Must be ${min} to ${max} characters long.`);
  }
  const choices = asObjects(definition.choices);
  if (choices.length > 0 && !choices.some((choice) => choice.value === value)) {
    errors.add(path, 'BASE_TYPE_CHOICES', 'Must be one of the choices.');
  }
}
