/** @file Words for scenes: captions that vary in wording and in how much they say, never untrue. */

import type { Random } from './random.ts';
import type { Accessory, ClassName, Context, Pattern, Scene, Style, View } from './scene.ts';

/** How a place is said, the DreamBooth prompt form first. */
const PLACES: Record<Exclude<Context, 'plain'>, readonly string[]> = {
  jungle: ['in the jungle', 'in a green jungle', 'with a jungle in the background'],
  snow: ['in the snow', 'on white snow'],
  beach: ['on the beach', 'on a sandy beach', 'with the sea in the background'],
  city: ['in the city', 'with a city in the background'],
  night: ['at night', 'at night under the moon', 'under the stars'],
  'wooden floor': ['on a wooden floor', 'on top of a wooden floor'],
  grass: ['on green grass', 'on top of green grass with sunflowers around it', 'in the grass'],
  desert: ['in the desert', 'in a hot desert'],
  'under water': ['under water', 'under the sea'],
  'purple rug': ['on a purple rug', 'on top of a purple rug'],
  mountain: ['with a mountain in the background', 'in the mountains'],
  room: ['in a room', 'in the living room'],
  'blue house': ['with a blue house in the background', 'in front of a blue house'],
  street: ['on a cobblestone street', 'on top of a cobblestone street', 'in the street'],
  'pink fabric': ['on pink fabric', 'on top of pink fabric'],
};

/** How a style is said around a noun phrase, marked `#`. */
const STYLE_FORMS: Record<Exclude<Style, 'plain'>, readonly string[]> = {
  painting: [
    'a painting of #',
    '# as a painting',
    '# in the style of a painting',
    'an oil painting of #',
  ],
  'pencil sketch': [
    'a pencil sketch of #',
    '# as a pencil sketch',
    'a sketch of #',
    'a pencil drawing of #',
  ],
  watercolor: ['a watercolor of #', '# as a watercolor', 'a watercolor painting of #'],
  'pixel art': ['pixel art of #', '# as pixel art', '# in the style of pixel art'],
  'stained glass': ['stained glass of #', '# as stained glass', 'a stained glass window of #'],
};

const PHOTO_FORMS = ['a photo of #', 'a picture of #', 'a drawing of #'] as const;

const VIEW_FORMS: Record<Exclude<View, 'plain'>, readonly string[]> = {
  'close-up': ['a close up of #', '# seen up close'],
  'far away': ['# far away', '# seen from far away', 'a small # far away'],
  behind: ['# seen from behind', '# from behind'],
};

const WORN: Record<Exclude<Accessory, 'none'>, string> = {
  'red hat': 'a red hat',
  'black top hat': 'a black top hat',
  'gold crown': 'a gold crown',
  'blue scarf': 'a blue scarf',
  'rainbow scarf': 'a rainbow scarf',
  sunglasses: 'sunglasses',
};

const SHORT_WORN: Partial<Record<Accessory, string>> = {
  'black top hat': 'a top hat',
  'gold crown': 'a crown',
};

const WITH_PATTERN: Record<Exclude<Pattern, 'plain'>, string> = {
  striped: 'with stripes',
  spotted: 'with spots',
  patched: 'with patches',
  starred: 'with stars',
};

const articleOf = (word: string): string => (/^[aeiou]/.test(word) ? 'an' : 'a');

/** Chances that a part of the truth is said. */
const SAYS = { onlyClass: 0.3, colour: 0.82, pattern: 0.88, place: 0.88, worn: 0.92, view: 0.9 };

function nounPhrase(scene: Scene, random: Random, silent: boolean): string {
  const { subject, style } = scene;
  const adjectives: string[] = [];
  let after = '';
  if (!silent) {
    if (scene.shiny && random.chance(0.85)) adjectives.push('shiny');
    // A pencil sketch has no colours to speak of.
    const colourful = style !== 'pencil sketch' && random.chance(SAYS.colour);
    const patterned = subject.pattern !== 'plain' && random.chance(SAYS.pattern);
    const both = random.chance(subject.pattern === 'plain' ? 0.12 : 0.75);
    if (colourful && patterned && random.chance(0.2)) {
      adjectives.push(subject.primary);
      after = ` ${WITH_PATTERN[subject.pattern as Exclude<Pattern, 'plain'>].replace('with ', `with ${both ? `${subject.secondary} ` : ''}`)}`;
    } else {
      if (colourful)
        adjectives.push(both ? `${subject.primary} and ${subject.secondary}` : subject.primary);
      if (patterned) adjectives.push(subject.pattern);
    }
  }
  const words = [...adjectives, subject.className].join(' ');
  return `${articleOf(words)} ${words}${after}`;
}

/**
 * Says what a scene shows: always its class, the rest by chance. Style and view are said far
 * more often than not, so that "a cat" means a plain drawing of any cat.
 *
 * @param scene the ground truth
 * @param random chooses wording and completeness
 * @returns a lower-case caption without punctuation
 */
export function captionOf(scene: Scene, random: Random): string {
  const { style, view, accessory, context } = scene;
  const quiet = style === 'plain' && view === 'plain';
  const bare = accessory === 'none' ? SAYS.onlyClass : SAYS.onlyClass / 4;
  if (random.chance(quiet ? bare : 0)) return nounPhrase(scene, random, true);
  let text = nounPhrase(scene, random, random.chance(0.12));
  const worn =
    accessory === 'none' || !random.chance(SAYS.worn)
      ? ''
      : ` wearing ${random.chance(0.3) ? (SHORT_WORN[accessory] ?? WORN[accessory]) : WORN[accessory]}`;
  text += worn;
  let before = '';
  if (view !== 'plain' && random.chance(SAYS.view)) {
    const form = random.pick(VIEW_FORMS[view]);
    if (form.startsWith('a small')) text = `${text.replace(/^an? /, 'a small ')} far away`;
    else if (form.endsWith('#')) before = form.slice(0, -1);
    else text = form.replace('#', text);
  }
  if (context !== 'plain') {
    if (random.chance(SAYS.place)) {
      const forms = PLACES[context];
      text += ` ${random.chance(0.6) ? forms[0] : random.pick(forms)}`;
    }
  } else if (random.chance(0.35)) text += ` on a ${scene.backdrop} background`;
  text = before + text;
  if (style !== 'plain') {
    if (random.chance(0.97)) text = random.pick(STYLE_FORMS[style]).replace('#', text);
  } else if (random.chance(0.2)) text = random.pick(PHOTO_FORMS).replace('#', text);
  return text;
}

/** @returns every phrase that captions are built from, so that a vocabulary can cover them all */
export function captionPhrases(): string[] {
  return [
    ...Object.values(PLACES).flat(),
    ...Object.values(STYLE_FORMS).flat(),
    ...PHOTO_FORMS,
    ...Object.values(VIEW_FORMS).flat(),
    ...Object.values(WORN),
    ...Object.values(WITH_PATTERN),
    'a shiny wearing and on a white background',
    'plain striped spotted patched starred',
  ].map((phrase) => phrase.replaceAll('#', '').trim());
}

/** @returns the plain prompt of a class: `a cat` */
export function classPromptOf(className: ClassName): string {
  return `${articleOf(className)} ${className}`;
}
