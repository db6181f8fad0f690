/** @file What can be in a picture (the ground truth), and the sampler that draws it from a seed. */

import { COLOURS, type ColourName, distance } from './colours.ts';
import { createRandom, type Random } from './random.ts';

/** Class nouns, as captions and users say them. */
export const CLASSES = [
  'cat',
  'dog',
  'bird',
  'fish',
  'stuffed animal',
  'toy robot',
  'car',
  'teapot',
  'backpack',
  'vase',
  'candle',
  'clock',
  'boot',
  'sneaker',
] as const;
export type ClassName = (typeof CLASSES)[number];

/** Classes that can wear an accessory. */
export const LIVE_CLASSES = ['cat', 'dog', 'bird', 'fish', 'stuffed animal', 'toy robot'] as const;

/** Classes whose back is drawn differently. */
export const CLASSES_WITH_BACK = ['cat', 'stuffed animal', 'toy robot', 'backpack'] as const;

export const PATTERNS = ['plain', 'striped', 'spotted', 'patched', 'starred'] as const;
export type Pattern = (typeof PATTERNS)[number];

export const CONTEXTS = [
  'plain',
  'jungle',
  'snow',
  'beach',
  'city',
  'night',
  'wooden floor',
  'grass',
  'desert',
  'under water',
  'purple rug',
  'mountain',
  'room',
  'blue house',
  'street',
  'pink fabric',
] as const;
export type Context = (typeof CONTEXTS)[number];

/** `plain` is the drawing as it is; captions may call it a photo. */
export const STYLES = [
  'plain',
  'painting',
  'pencil sketch',
  'watercolor',
  'pixel art',
  'stained glass',
] as const;
export type Style = (typeof STYLES)[number];

export const VIEWS = ['plain', 'close-up', 'far away', 'behind'] as const;
export type View = (typeof VIEWS)[number];

export const ACCESSORIES = [
  'none',
  'red hat',
  'black top hat',
  'gold crown',
  'blue scarf',
  'rainbow scarf',
  'sunglasses',
] as const;
export type Accessory = (typeof ACCESSORIES)[number];

/** Colours a plain background may have. */
export const BACKDROPS = ['white', 'gray', 'blue', 'green', 'yellow', 'pink'] as const;

/** Eight numbers in `[0, 1)` that a drawer reads as ears, tail, proportions and so on. */
export type Shape = readonly [number, number, number, number, number, number, number, number];

/** One individual: what stays the same from photo to photo. */
export interface Subject {
  readonly className: ClassName;
  readonly primary: ColourName;
  readonly secondary: ColourName;
  readonly pattern: Pattern;
  /** Hue and lightness shifts of the two colours, each in `[-1, 1]`. */
  readonly tint: readonly [readonly [number, number], readonly [number, number]];
  readonly shape: Shape;
}

/** Where and how the subject stands; differs between photos. */
export interface Pose {
  readonly flip: boolean;
  readonly scale: number;
  readonly dx: number;
  readonly dy: number;
  /** Degrees. */
  readonly tilt: number;
  /** In `[-1, 1]`: swings tails, wings and arms. */
  readonly gesture: number;
}

/** Everything a picture shows. */
export interface Scene {
  readonly subject: Subject;
  readonly pose: Pose;
  readonly context: Context;
  /** Colour of the background where the context is `plain`. */
  readonly backdrop: (typeof BACKDROPS)[number];
  readonly style: Style;
  readonly view: View;
  readonly accessory: Accessory;
  readonly shiny: boolean;
  /** Places trees, clouds and brush strokes. */
  readonly variation: number;
}

/** Fixes parts of a scene and leaves the rest to chance. */
export interface Restriction {
  readonly className?: ClassName;
  readonly primary?: ColourName;
  readonly secondary?: ColourName;
  readonly pattern?: Pattern;
  readonly subject?: Subject;
  readonly context?: Context;
  readonly backdrop?: (typeof BACKDROPS)[number];
  readonly style?: Style;
  readonly view?: View;
  readonly accessory?: Accessory;
  readonly shiny?: boolean;
}

/** @returns whether the class can wear this accessory (fish have no neck for a scarf) */
export function canWear(className: ClassName, accessory: Accessory): boolean {
  if (accessory === 'none') return true;
  if (!(LIVE_CLASSES as readonly string[]).includes(className)) return false;
  return !(className === 'fish' && accessory.endsWith('scarf'));
}

/** @returns whether the class is drawn differently from behind */
export function hasBack(className: ClassName): boolean {
  return (CLASSES_WITH_BACK as readonly string[]).includes(className);
}

/** Two colours nearer than this (RGB distance) do not read as a pattern in a small picture. */
const MIN_PATTERN_CONTRAST = 110;

/**
 * Samples an individual.
 *
 * @param random where choices come from
 * @param restrict class, colours or pattern to fix
 */
export function sampleSubject(random: Random, restrict: Restriction = {}): Subject {
  const className = random.pick(CLASSES);
  const primary = restrict.primary ?? random.pick(COLOURS);
  const partners = COLOURS.filter((c) => distance(c, primary) > MIN_PATTERN_CONTRAST);
  const secondary = random.pick(partners);
  const pattern = random.chance(0.36)
    ? 'plain'
    : random.pick(['striped', 'spotted', 'patched', 'starred'] as const);
  const signed = () => random.range(-1, 1);
  const tint = [
    [signed(), signed()],
    [signed(), signed()],
  ] as const;
  const s = () => random.next();
  const shape: Shape = [s(), s(), s(), s(), s(), s(), s(), s()];
  return {
    className: restrict.className ?? className,
    primary,
    secondary: restrict.secondary ?? secondary,
    pattern: restrict.pattern ?? pattern,
    tint,
    shape,
  };
}

/** Samples a stance that keeps the subject inside the frame. */
export function samplePose(random: Random): Pose {
  return {
    flip: random.chance(0.5),
    scale: random.range(0.9, 1.06),
    dx: random.range(-5, 5),
    dy: random.range(-2, 4),
    tilt: random.range(-5, 5),
    gesture: random.range(-1, 1),
  };
}

/**
 * Samples a picture.
 *
 * @param seed a non-negative integer; the same seed and restriction give the same scene
 * @param restrict parts to fix; accessories and views that the class cannot have become none
 */
export function sampleScene(seed: number, restrict: Restriction = {}): Scene {
  const random = createRandom(seed);
  const sampled = sampleSubject(random, restrict);
  const subject = restrict.subject ?? sampled;
  const pose = samplePose(random);
  const context = random.chance(0.16) ? 'plain' : random.pick(CONTEXTS.slice(1));
  const style = random.chance(0.6) ? 'plain' : random.pick(STYLES.slice(1));
  const viewRoll = random.next();
  const view: View =
    viewRoll < 0.06
      ? 'close-up'
      : viewRoll < 0.12
        ? 'far away'
        : viewRoll < 0.24
          ? 'behind'
          : 'plain';
  const accessory = random.chance(0.55) ? 'none' : random.pick(ACCESSORIES.slice(1));
  const shiny = random.chance(0.06);
  const backdrop = random.pick(BACKDROPS);
  const variation = Math.floor(random.next() * 2 ** 31);
  const wantedView = restrict.view ?? view;
  const wantedAccessory = restrict.accessory ?? accessory;
  return {
    subject,
    pose,
    context: restrict.context ?? context,
    backdrop: restrict.backdrop ?? backdrop,
    style: restrict.style ?? style,
    view: wantedView === 'behind' && !hasBack(subject.className) ? 'plain' : wantedView,
    accessory: canWear(subject.className, wantedAccessory) ? wantedAccessory : 'none',
    shiny: restrict.shiny ?? shiny,
    variation,
  };
}
