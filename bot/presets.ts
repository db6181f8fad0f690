/** @file The applications of the DreamBooth paper as sentences with a gap: data, and how the gap is filled. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

/** Every preset there is. */
export const presetNames = [
  'recontextualize',
  'paint',
  'sculpt',
  'view',
  'wear',
  'recolour',
  'cross',
  'expression',
  'comic',
] as const;
/** See {@link presetNames}. */
export type PresetName = (typeof presetNames)[number];

/** A sentence with a gap. */
export interface Preset {
  /** `#` is the gap, `[V]` the subject, whose class noun follows by itself. */
  readonly sentence: string;
  /** What may stand in the gap; other words may, too. */
  readonly suggestions: readonly string[];
}

/** The sentences of the paper, for bases that know the words. */
export const paperPresets: Readonly<Record<PresetName, Preset>> = {
  recontextualize: {
    sentence: 'a [V] #',
    suggestions: [
      'in the jungle',
      'in the snow',
      'on the beach',
      'on a cobblestone street',
      'on top of pink fabric',
      'on top of a wooden floor',
      'with a city in the background',
      'with a mountain in the background',
      'with a blue house in the background',
      'on top of a purple rug in a forest',
      'with a wheat field in the background',
      'with the Eiffel Tower in the background',
      'floating on top of water',
      'on top of green grass with sunflowers around it',
      'in the Acropolis',
      'in front of a doghouse',
      'in a bucket',
      'getting a haircut',
    ],
  },
  paint: {
    sentence: 'a painting of a [V] in the style of #',
    suggestions: [
      'Vincent van Gogh',
      'Michelangelo',
      'Rembrandt',
      'Johannes Vermeer',
      'Pierre-Auguste Renoir',
      'Leonardo da Vinci',
      'Claude Monet',
      'Katsushika Hokusai',
      'a watercolor',
      'a pencil sketch',
      'stained glass',
      'pixel art',
    ],
  },
  sculpt: {
    sentence: 'a statue of a [V] made of #',
    suggestions: ['marble', 'bronze', 'wood', 'ice', 'clay', 'glass', 'gold', 'paper', 'sand'],
  },
  view: {
    sentence: 'a [V] seen from #',
    suggestions: ['the top', 'the bottom', 'the side', 'the back', 'far away', 'very close'],
  },
  wear: {
    sentence: 'a [V] wearing #',
    suggestions: [
      'a red hat',
      'a santa hat',
      'a rainbow scarf',
      'a black top hat and a monocle',
      'a chef outfit',
      'a firefighter outfit',
      'a police outfit',
      'pink glasses',
      'a yellow shirt',
      'a purple wizard outfit',
      'a witch outfit',
      'a superman outfit',
      'an angel outfit',
      'a nurse outfit',
      'an Ironman outfit',
    ],
  },
  recolour: {
    sentence: 'a # [V]',
    suggestions: [
      'red',
      'purple',
      'pink',
      'yellow',
      'green',
      'blue',
      'black',
      'white',
      'golden',
      'shiny',
      'wet',
      'cube shaped',
    ],
  },
  cross: {
    sentence: 'a cross of a [V] and a #',
    suggestions: ['bear', 'panda', 'koala', 'lion', 'hippo', 'tiger', 'rabbit', 'fox', 'penguin'],
  },
  expression: {
    sentence: 'a # [V]',
    suggestions: [
      'depressed',
      'sleeping',
      'sad',
      'joyous',
      'barking',
      'crying',
      'frowning',
      'screaming',
      'laughing',
      'angry',
      'surprised',
    ],
  },
  comic: {
    sentence: 'a comic book panel of a [V] #',
    suggestions: [
      'flying over a city',
      'solving a mystery',
      'in a spaceship',
      'fighting a dragon',
      'at school',
      'in the rain',
    ],
  },
};

/** What a base can do of the presets; those that are not in it, it cannot. */
export type BasePresets = Readonly<Partial<Record<PresetName, Preset>>>;

const basePresetsSchema = z.partialRecord(
  z.enum(presetNames),
  z.strictObject({
    sentence: z.string().includes('#').includes('[V]'),
    suggestions: z.array(z.string().min(1).max(100)).min(1),
  }),
);

/** A base of few words brings the sentences that it understands, in this file of its folder. */
const PRESETS_FILE = 'presets.json';

/**
 * Reads what a base can do.
 *
 * @param baseCheckpoint its folder
 * @returns the paper's presets where the folder has no list of its own
 * @throws {Error} when the list is there but cannot be used
 */
export async function readPresets(baseCheckpoint: string): Promise<BasePresets> {
  const file = path.join(baseCheckpoint, PRESETS_FILE);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return paperPresets;
    throw error;
  }
  try {
    return basePresetsSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new Error(`${file}: expected sentences with "#" and "[V]", and suggestions`, { cause });
  }
}

/** @returns the sentence with the words in its gap */
export function fillPreset({ sentence }: Preset, words: string): string {
  return sentence.replace('#', () => words);
}

/** @returns the suggestions that hold what was typed, those first that begin with it */
export function listSuggestions({ suggestions }: Preset, typed: string): readonly string[] {
  const text = typed.trim().toLowerCase();
  const matching = suggestions.filter((words) => words.toLowerCase().includes(text));
  const begins = (words: string) => Number(words.toLowerCase().startsWith(text));
  return matching.sort((a, b) => begins(b) - begins(a));
}
