/** @file The 25 prompts of a subject, and what each asks for. */
import type { AttributeName } from '../pocket/judges/attributes.ts';
import {
  type Accessory,
  CLASSES,
  type ClassName,
  type Context,
  canWear,
  hasBack,
  LIVE_CLASSES,
  type Style,
} from '../pocket/world/scene.ts';

/** The paper's applications: a sheet each. */
export const APPLICATIONS = [
  'recontextualization',
  'accessories',
  'art',
  'views',
  'properties',
] as const;
export type Application = (typeof APPLICATIONS)[number];

export interface EvaluationPrompt {
  /** `#` stands for identifier and class noun. */
  readonly form: string;
  readonly application?: Application;
  /** What a picture of it must show, where a reader can tell. */
  readonly asks?: { readonly attribute: AttributeName; readonly value: string };
  /** Whether the subject looks as on its photos: `a red #` asks for another coat. */
  readonly keepsLook: boolean;
}

/** @param words identifier and class noun, or either alone */
export const promptOf = ({ form }: EvaluationPrompt, words: string): string =>
  form.replace('#', words);

const ask = (
  form: string,
  application: Application,
  attribute: AttributeName,
  value: string,
): EvaluationPrompt => ({
  form,
  application,
  asks: { attribute, value },
  keepsLook: application !== 'properties',
});

/** The first ten prompts of the paper's dataset, as the world says them. */
const PLACES: readonly (readonly [Context, string])[] = [
  ['jungle', 'a # in the jungle'],
  ['snow', 'a # in the snow'],
  ['beach', 'a # on the beach'],
  ['street', 'a # on a cobblestone street'],
  ['pink fabric', 'a # on top of pink fabric'],
  ['wooden floor', 'a # on top of a wooden floor'],
  ['city', 'a # with a city in the background'],
  ['mountain', 'a # with a mountain in the background'],
  ['blue house', 'a # with a blue house in the background'],
  ['purple rug', 'a # on top of a purple rug'],
];
/** For what cannot wear anything, and for what cannot wear everything. */
const MORE_PLACES: readonly (readonly [Context, string])[] = [
  ['desert', 'a # in the desert'],
  ['night', 'a # at night'],
  ['under water', 'a # under water'],
  ['grass', 'a # on green grass'],
  ['room', 'a # in a room'],
];
const WORN: readonly (readonly [Accessory, string])[] = [
  ['red hat', 'a # wearing a red hat'],
  ['black top hat', 'a # wearing a black top hat'],
  ['gold crown', 'a # wearing a gold crown'],
  ['blue scarf', 'a # wearing a blue scarf'],
  ['rainbow scarf', 'a # wearing a rainbow scarf'],
  ['sunglasses', 'a # wearing sunglasses'],
];
const ART: readonly (readonly [Style, string])[] = [
  ['painting', 'a painting of a #'],
  ['pencil sketch', 'a pencil sketch of a #'],
  ['watercolor', 'a watercolor of a #'],
  ['pixel art', 'a # as pixel art'],
  ['stained glass', 'a stained glass window of a #'],
];
const PROPERTIES: readonly EvaluationPrompt[] = [
  ask('a red #', 'properties', 'firstColour', 'red'),
  ask('a purple #', 'properties', 'firstColour', 'purple'),
  ask('a shiny #', 'properties', 'finish', 'shiny'),
];
const CLOSE = ask('a close up of a #', 'views', 'view', 'close-up');
const FAR = ask('a # far away', 'views', 'view', 'far away');
const BEHIND = ask('a # seen from behind', 'views', 'view', 'behind');

/**
 * What is asked of a base that draws pocket's world, in words that its captions have: fifteen or
 * sixteen places and accessories, five styles, one or two views, three properties.
 */
export function worldPrompts(className: ClassName): EvaluationPrompt[] {
  const isLive = (LIVE_CLASSES as readonly string[]).includes(className);
  const worn = WORN.filter(([accessory]) => canWear(className, accessory));
  const views = isLive
    ? [hasBack(className) ? BEHIND : CLOSE]
    : [hasBack(className) ? BEHIND : CLOSE, FAR];
  const fixed = PLACES.length + worn.length + ART.length + views.length + PROPERTIES.length;
  return [
    ...[...PLACES, ...MORE_PLACES.slice(0, PROMPTS - fixed)].map(([context, form]) =>
      ask(form, 'recontextualization', 'context', context),
    ),
    ...worn.map(([accessory, form]) => ask(form, 'accessories', 'accessory', accessory)),
    ...ART.map(([style, form]) => ask(form, 'art', 'style', style)),
    ...views,
    ...PROPERTIES,
  ];
}

/** Prompts of a subject, in the paper. */
export const PROMPTS = 25;

/** @returns whether the world draws this class noun */
export const isWorldClass = (noun: string): noun is ClassName =>
  (CLASSES as readonly string[]).includes(noun);

const DATASET_SHARED = [
  'a # in the jungle',
  'a # in the snow',
  'a # on the beach',
  'a # on a cobblestone street',
  'a # on top of pink fabric',
  'a # on top of a wooden floor',
  'a # with a city in the background',
  'a # with a mountain in the background',
  'a # with a blue house in the background',
  'a # on top of a purple rug in a forest',
];
const DATASET_OBJECTS = [
  'a # with a wheat field in the background',
  'a # with a tree and autumn leaves in the background',
  'a # with the Eiffel Tower in the background',
  'a # floating on top of water',
  'a # floating in an ocean of milk',
  'a # on top of green grass with sunflowers around it',
  'a # on top of a mirror',
  'a # on top of the sidewalk in a crowded street',
  'a # on top of a dirt road',
  'a # on top of a white rug',
];
const DATASET_LIVE = [
  'a # wearing a red hat',
  'a # wearing a santa hat',
  'a # wearing a rainbow scarf',
  'a # wearing a black top hat and a monocle',
  'a # in a chef outfit',
  'a # in a firefighter outfit',
  'a # in a police outfit',
  'a # wearing pink glasses',
  'a # wearing a yellow shirt',
  'a # in a purple wizard outfit',
];
const DATASET_PROPERTIES = ['a red #', 'a purple #', 'a shiny #', 'a wet #', 'a cube shaped #'];

/** Class nouns that the dataset has prompts with clothes for. */
const LIVE_NOUNS = new Set([
  'cat',
  'dog',
  'bird',
  'fish',
  'horse',
  'rabbit',
  'person',
  'man',
  'woman',
]);

/**
 * The prompts of the paper's dataset, word for word.
 * @see https://github.com/google/dreambooth, dataset/prompts_and_classes.txt
 */
export function datasetPrompts(classNoun: string): EvaluationPrompt[] {
  const isLive = LIVE_NOUNS.has(classNoun);
  const own = isLive ? DATASET_LIVE : DATASET_OBJECTS;
  const of = (forms: readonly string[], application: Application) =>
    forms.map((form) => ({ form, application, keepsLook: application !== 'properties' }));
  return [
    ...of(DATASET_SHARED, 'recontextualization'),
    ...of(own, isLive ? 'accessories' : 'recontextualization'),
    ...of(DATASET_PROPERTIES, 'properties'),
  ];
}
