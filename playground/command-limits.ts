/** @file Discord's rules for registering application commands. */
import { FormErrors } from './discord-error.ts';
import type { Json } from './json.ts';
import { asArray, asNumber, asObjects, asString } from './json.ts';

type Path = readonly (string | number)[];

const chatInputName = /^[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$/u;

/** How many commands of each type one scope holds: chat input, user, message. */
const maxByType: Record<number, number> = { 1: 100, 2: 15, 3: 15 };

/** Names, descriptions and values of one command together. */
const MAX_COMMAND_TEXT = 8000;

/**
 * Checks a whole set of commands for one scope.
 *
 * @throws {DiscordError} 400, 50035 with the index of each command in its `errors` tree
 */
export function checkCommands(commands: Json[]): void {
  const errors = new FormErrors();
  const seen = new Set<string>();
  const counts: Record<number, number> = {};
  for (const [index, command] of commands.entries()) {
    const type = asNumber(command.type) ?? 1;
    counts[type] = (counts[type] ?? 0) + 1;
    const key = `${type}:${asString(command.name)}`;
    if (seen.has(key)) {
      errors.add(
        [index],
        'APPLICATION_COMMANDS_DUPLICATE_NAME',
        'Application command names must be unique',
      );
    }
    seen.add(key);
    checkCommand(errors, [index], command, type);
  }
  for (const [type, max] of Object.entries(maxByType)) {
    if ((counts[Number(type)] ?? 0) > max) {
      errors.add(
        [],
        'APPLICATION_COMMANDS_MAX_EXCEEDED',
        `Maximum number of application commands of type ${type} reached (${max}).`,
      );
    }
  }
  errors.throwIfAny();
}

function checkCommand(errors: FormErrors, path: Path, command: Json, type: number): void {
  const name = asString(command.name);
  if (type === 1) {
    checkChatInputName(errors, [...path, 'name'], name);
    errors.length([...path, 'description'], command.description, 1, 100);
    checkOptions(errors, [...path, 'options'], command.options);
  } else {
    errors.length([...path, 'name'], name, 1, 32);
    if (command.description) {
      errors.add(
        [...path, 'description'],
        'APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION_INVALID',
        'Context menu commands cannot have description',
      );
    }
    if (asArray(command.options).length > 0) {
      errors.add(
        [...path, 'options'],
        'APPLICATION_COMMAND_CONTEXT_MENU_OPTIONS_INVALID',
        'Context menu commands cannot have options',
      );
    }
  }
  if (textLength(command) > MAX_COMMAND_TEXT) {
    errors.add(
      path,
      'APPLICATION_COMMAND_TOO_LARGE',
      `Command exceeds maximum size (${MAX_COMMAND_TEXT})`,
    );
  }
}

function checkChatInputName(errors: FormErrors, path: Path, name: string | undefined): void {
  if (name === undefined || !chatInputName.test(name) || name !== name.toLowerCase()) {
    errors.add(path, 'APPLICATION_COMMAND_INVALID_NAME', 'Command name is invalid');
  }
}

function checkOptions(errors: FormErrors, path: Path, value: unknown): void {
  const options = asObjects(value);
  if (options.length > 25) {
    errors.add(path, 'BASE_TYPE_BAD_LENGTH', 'Must be 25 or fewer in length.');
  }
  const names = new Set<unknown>();
  let optionalSeen = false;
  for (const [index, option] of options.entries()) {
    const at = [...path, index];
    checkChatInputName(errors, [...at, 'name'], asString(option.name));
    errors.length([...at, 'description'], option.description, 1, 100);
    if (names.has(option.name)) {
      errors.add(
        at,
        'APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS',
        'Option name already exists',
      );
    }
    names.add(option.name);
    const isSubcommand = option.type === 1 || option.type === 2;
    if (!isSubcommand) {
      if (option.required === true && optionalSeen) {
        errors.add(
          at,
          'APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID',
          'Required options must be placed before non-required options',
        );
      }
      optionalSeen ||= option.required !== true;
    }
    checkChoices(errors, at, option);
    checkOptions(errors, [...at, 'options'], option.options);
  }
}

function checkChoices(errors: FormErrors, path: Path, option: Json): void {
  const choices = asObjects(option.choices);
  if (choices.length > 25) {
    errors.add([...path, 'choices'], 'BASE_TYPE_BAD_LENGTH', 'Must be 25 or fewer in length.');
  }
  if (choices.length > 0 && option.autocomplete === true) {
    errors.add(
      [...path, 'autocomplete'],
      'APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_CHOICES',
      'Autocomplete options cannot have choices',
    );
  }
  for (const [index, choice] of choices.entries()) {
    errors.length([...path, 'choices', index, 'name'], choice.name, 1, 100);
    if (typeof choice.value === 'string') {
      errors.length([...path, 'choices', index, 'value'], choice.value, 1, 100);
    }
  }
}

/** @returns the characters of all names, descriptions and values of a command */
function textLength(command: Json): number {
  let total = 0;
  for (const key of ['name', 'description', 'value']) {
    total += asString(command[key])?.length ?? 0;
  }
  for (const key of ['options', 'choices']) {
    for (const child of asObjects(command[key])) total += textLength(child);
  }
  return total;
}
