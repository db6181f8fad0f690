/** @file What a person fills in: the options of a command, the values of a menu, the fields of a form. */
import {
  type APIApplicationCommandBasicOption,
  ApplicationCommandOptionType,
} from 'discord-api-types/v10';
import type { ComponentJson, Json } from '#playground/json.ts';
import { asArray, asComponents, asNumber, asObjects, asString } from '#playground/json.ts';
import type { FileInput } from '#playground/resolved.ts';
import type { PossibleCommand } from './possible.ts';
import type { Chooser } from './random.ts';
import type { Neighbourhood } from './stage.ts';

/** What a person knows when filling something in. */
export interface Person {
  readonly choose: Chooser;
  readonly neighbourhood: Neighbourhood;
  /** Whether they are in the direct messages with the bot. */
  readonly isDirect: boolean;
  readonly pictures: readonly FileInput[];
  /** Whether they send a command although nothing is suggested to choose. */
  readonly insists: boolean;
  /** A name that nobody has used yet. */
  freshName(): string;
}

/** Options of a command. */
export interface FilledOptions {
  readonly options: Record<string, string | number | boolean>;
  readonly files: Record<string, FileInput>;
}

/** How prompts end. */
export const places = [
  'on the beach',
  'in the jungle',
  'in snow',
  'on a table',
  'in front of a city',
];
/** How often an option that may be left out is filled in. */
const OPTIONAL = 0.3;
/** What more people say. */
const likely: Readonly<Record<string, number>> = {
  rendition: 0.9,
  with: 0.9,
  subject: 0.8,
  '/subject continue steps': 0.5,
};
/** More than these make the run longer and nothing else; but only a long training can be stopped halfway. */
const modest: Readonly<Record<string, number>> = {
  steps: 4,
  count: 2,
  '/subject continue steps': 300,
};
/** @returns what a table says of an option of this command, else of all options of that name */
const ofOption = (table: Readonly<Record<string, number>>, command: string, name: string) =>
  table[`${command} ${name}`] ?? table[name];

/** Nothing is suggested. */
const NOTHING = Symbol('nothing');
/** To learn a subject from. */
const ENOUGH_PHOTOS = 3;

/** Asks for the choices of an option with autocomplete, as Discord does while somebody types. */
export type Suggest = (option: string) => Promise<readonly (string | number)[]>;

/** Fills in what is required, and some of the rest. @returns undefined where nothing is suggested and they give up */
export async function fillOptions(
  person: Person,
  { kind, options: definitions }: Pick<PossibleCommand, 'kind' | 'options'>,
  suggest: Suggest,
): Promise<FilledOptions | undefined> {
  const options: Record<string, string | number | boolean> = {};
  const files: Record<string, FileInput> = {};
  const photos = definitions.filter(({ name }) => /^photo\d+$/.test(name));
  // Photos as options, or the form.
  const withPhotos = photos.length > 0 && person.choose.chance(0.5);
  for (const definition of definitions) {
    const { name, required } = definition;
    if (photos.includes(definition)) {
      if (withPhotos && photos.indexOf(definition) < ENOUGH_PHOTOS) {
        files[name] = person.pictures[photos.indexOf(definition)]!;
      }
      continue;
    }
    // The prompts name their subject mostly, and a strength needs a picture.
    const isWanted =
      required ||
      (withPhotos && name !== 'picture') ||
      person.choose.chance(ofOption(likely, kind, name) ?? OPTIONAL);
    if (!isWanted || (name === 'strength' && !files.picture)) continue;
    if (definition.type === ApplicationCommandOptionType.Attachment) {
      files[name] = person.choose.pick(person.pictures);
      continue;
    }
    const value = await fillOption(person, definition, {
      suggest,
      most: ofOption(modest, kind, name) ?? Number.POSITIVE_INFINITY,
    });
    if (value === NOTHING) {
      if (!person.insists) return undefined;
      if (required) options[name] = 'nothing of that name';
    } else if (value !== undefined) options[name] = value;
  }
  return { options, files };
}

async function fillOption(
  person: Person,
  definition: APIApplicationCommandBasicOption,
  { suggest, most }: { suggest: Suggest; most: number },
): Promise<string | number | boolean | typeof NOTHING | undefined> {
  const { choose, neighbourhood } = person;
  const { type, name } = definition;
  if ('choices' in definition && definition.choices && definition.choices.length > 0) {
    return choose.pick<{ value: string | number }>(definition.choices).value;
  }
  if ('autocomplete' in definition && definition.autocomplete) {
    const suggested = await suggest(name);
    return suggested.length > 0 ? choose.pick(suggested) : NOTHING;
  }
  switch (type) {
    case ApplicationCommandOptionType.String:
      return textFor(person, name);
    case ApplicationCommandOptionType.Integer:
    case ApplicationCommandOptionType.Number: {
      const min = asNumber((definition as unknown as Json).min_value) ?? 0;
      const max = asNumber((definition as unknown as Json).max_value) ?? 10;
      return choose.integer(Math.ceil(min), Math.max(Math.ceil(min), Math.min(max, most)));
    }
    case ApplicationCommandOptionType.Boolean:
      return name === 'consent' ? true : choose.chance(0.5);
    case ApplicationCommandOptionType.User:
      return choose.pick(neighbourhood.people).id;
    case ApplicationCommandOptionType.Role:
      return person.isDirect ? undefined : choose.pick(neighbourhood.guild.roles).id;
    case ApplicationCommandOptionType.Channel:
      return person.isDirect ? undefined : choose.pick(neighbourhood.channels).id;
    default:
      return undefined;
  }
}

function textFor(person: Person, name: string): string {
  const { choose } = person;
  if (name === 'prompt') return `a [V] ${choose.pick(places)}`;
  if (name === 'name') return person.freshName();
  if (name === 'class') return choose.pick(['dog', 'cat']);
  return choose.pick(['dog', 'cat', 'blur', 'rain']);
}

/** @returns what is chosen in a menu */
export function fillMenu(person: Person, menu: ComponentJson): string[] {
  const { choose, neighbourhood } = person;
  const min = asNumber(menu.min_values) ?? 1;
  const max = asNumber(menu.max_values) ?? 1;
  const all = menuValues(menu, neighbourhood);
  const many = Math.min(all.length, choose.integer(Math.max(1, min), Math.max(1, max)));
  return Array.from({ length: many }, (_, index) => all[index]!);
}

const userMenu = 5;
const roleMenu = 6;
const channelMenu = 8;

function menuValues(menu: ComponentJson, { people, guild, channels }: Neighbourhood): string[] {
  if (menu.type === userMenu) return people.map(({ id }) => id);
  if (menu.type === roleMenu) return guild.roles.map(({ id }) => id);
  if (menu.type === channelMenu) {
    const wanted = asArray(menu.channel_types);
    const fits = (type: number) => wanted.length === 0 || wanted.includes(type);
    return channels.filter(({ type }) => fits(type)).map(({ id }) => id);
  }
  return asObjects(menu.options).map(({ value }) => asString(value) ?? '');
}

/** Fields of a form. */
export interface FilledForm {
  readonly values: Record<string, string | string[] | boolean>;
  readonly files: Record<string, FileInput[]>;
}

/** Fills in every field, most as they came. @param form as the bot opened it */
export function fillForm(person: Person, form: Json): FilledForm {
  const values: Record<string, string | string[] | boolean> = {};
  const files: Record<string, FileInput[]> = {};
  for (const field of asComponents(form.components).flatMap(fieldsOf)) {
    const id = asString(field.custom_id) ?? '';
    const min = asNumber(field.min_values) ?? 1;
    const all = asObjects(field.options).map(({ value }) => asString(value) ?? '');
    switch (field.type) {
      case 4:
        if (!asString(field.value) && field.required !== false) values[id] = textFor(person, id);
        break;
      case 19: {
        const start = person.choose.integer(0, person.pictures.length - 1);
        const turned = [...person.pictures.slice(start), ...person.pictures.slice(0, start)];
        const most = asNumber(field.max_values) ?? 1;
        files[id] = turned.slice(0, Math.min(most, Math.max(min, ENOUGH_PHOTOS)));
        break;
      }
      case 21:
        values[id] = person.choose.pick(all);
        break;
      case 22:
        values[id] = all.slice(0, Math.max(1, min));
        break;
      case 23:
        values[id] = true;
        break;
      default:
        if (field.type === 3 || (asNumber(field.type) ?? 0) >= userMenu) {
          values[id] = fillMenu(person, field);
        }
    }
  }
  return { values, files };
}

const fieldsOf = (component: ComponentJson): ComponentJson[] =>
  component.type === 18
    ? asComponents([component.component])
    : component.type === 1
      ? asComponents(component.components)
      : [];
