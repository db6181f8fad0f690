/** @file What a picture of the world can be read for, and whether the picture shows it at all. */
import { COLOURS } from '../world/colours.ts';
import {
  ACCESSORIES,
  CLASSES,
  CONTEXTS,
  PATTERNS,
  type Scene,
  STYLES,
  VIEWS,
} from '../world/scene.ts';

interface Attribute {
  readonly choices: readonly string[];
  of(scene: Scene): string;
  /** Whether the drawing shows it: a pencil sketch has no colours, a back no sunglasses. */
  shows(scene: Scene): boolean;
}

const always = (): boolean => true;
const coloured = ({ style }: Scene): boolean => style !== 'pencil sketch';
/** Pixel art has about twenty pixels a side, a subject far away about as many. */
const detailed = ({ style, view }: Scene): boolean => style !== 'pixel art' && view !== 'far away';

/** Whether the drawing shows enough to tell an individual from others of its class: colours, pattern and face. */
export const showsIndividual = (scene: Scene): boolean =>
  coloured(scene) && detailed(scene) && scene.view !== 'behind';

const FINISHES = ['matt', 'shiny'] as const;

export const ATTRIBUTES = {
  class: { choices: CLASSES, of: ({ subject }) => subject.className, shows: always },
  firstColour: { choices: COLOURS, of: ({ subject }) => subject.primary, shows: coloured },
  secondColour: {
    choices: COLOURS,
    of: ({ subject }) => subject.secondary,
    // Of a plain clock only its bells have it: a pixel or two, where there is no detail.
    shows: (scene) => coloured(scene) && detailed(scene),
  },
  pattern: { choices: PATTERNS, of: ({ subject }) => subject.pattern, shows: detailed },
  context: { choices: CONTEXTS, of: ({ context }) => context, shows: always },
  style: { choices: STYLES, of: ({ style }) => style, shows: always },
  view: { choices: VIEWS, of: ({ view }) => view, shows: always },
  accessory: {
    choices: ACCESSORIES,
    of: ({ accessory }) => accessory,
    shows: ({ accessory, view }) => !(accessory === 'sunglasses' && view === 'behind'),
  },
  finish: {
    choices: FINISHES,
    of: ({ shiny }) => (shiny ? 'shiny' : 'matt'),
    shows: detailed,
  },
} as const satisfies Record<string, Attribute>;

export type AttributeName = keyof typeof ATTRIBUTES;
export const ATTRIBUTE_NAMES = Object.keys(ATTRIBUTES) as AttributeName[];

/** One of each attribute's choices. */
export type Reading = Readonly<Record<AttributeName, string>>;

/** All attributes' choices side by side, in the order of {@link ATTRIBUTE_NAMES}. */
export const CHOICE_COUNT = ATTRIBUTE_NAMES.reduce(
  (sum, name) => sum + ATTRIBUTES[name].choices.length,
  0,
);

/** @returns for each attribute its `[first, end)` among the choices */
export const CHOICE_RANGES: Readonly<Record<AttributeName, readonly [number, number]>> = (() => {
  let first = 0;
  const ranges = ATTRIBUTE_NAMES.map((name) => {
    const range = [first, first + ATTRIBUTES[name].choices.length] as const;
    first = range[1];
    return [name, range] as const;
  });
  return Object.fromEntries(ranges) as Record<AttributeName, readonly [number, number]>;
})();

/** @returns what the scene truly has */
export function truthOf(scene: Scene): Reading {
  const entries = ATTRIBUTE_NAMES.map((name) => [name, ATTRIBUTES[name].of(scene)]);
  return Object.fromEntries(entries) as Record<AttributeName, string>;
}

/**
 * Writes the truth of one scene as target probabilities; an attribute that does not show is left zero.
 *
 * @param out float32 `[rows, CHOICE_COUNT]`, zeros
 * @param smoothing probability that is spread over all choices
 */
export function writeTargets(
  scene: Scene,
  out: Float32Array,
  row: number,
  smoothing: number,
): void {
  for (const name of ATTRIBUTE_NAMES) {
    const attribute: Attribute = ATTRIBUTES[name];
    if (!attribute.shows(scene)) continue;
    const [first, end] = CHOICE_RANGES[name];
    const base = row * CHOICE_COUNT;
    out.fill(smoothing / (end - first), base + first, base + end);
    out[base + first + attribute.choices.indexOf(attribute.of(scene))]! += 1 - smoothing;
  }
}
