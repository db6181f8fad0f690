/** @file Which seeds and which combinations belong to whom: pretraining, tests, judges, demo. */

import { createRandom, hashText } from './random.ts';
import {
  type ClassName,
  type Restriction,
  type Scene,
  type Subject,
  sampleScene,
  sampleSubject,
} from './scene.ts';

/** Disjoint ranges of seeds: `[first, end)`. */
export const SEED_RANGES = {
  pretraining: [0, 100_000_000],
  test: [100_000_000, 200_000_000],
  judges: [200_000_000, 300_000_000],
  testSubjects: [300_000_000, 310_000_000],
  demo: [310_000_000, 320_000_000],
} as const satisfies Record<string, readonly [number, number]>;

/** Who draws. */
export type SeedOwner = keyof typeof SEED_RANGES;

/**
 * @param owner whose range
 * @param index the how-manieth seed of it
 * @throws {RangeError} when the range has no such seed
 */
export function seedOf(owner: SeedOwner, index: number): number {
  const [first, end] = SEED_RANGES[owner];
  if (!Number.isInteger(index) || index < 0 || first + index >= end)
    throw new RangeError(`seedOf: ${owner} has ${end - first} seeds, index ${index} is not one`);
  return first + index;
}

/** Share of class × context × style combinations that pretraining never draws, in percent. */
const HELD_OUT_PERCENT = 8;

/**
 * @returns whether the scene's class × context × style is kept out of pretraining; the plain
 * style on a plain background never is
 */
export function isHeldOut(scene: Scene): boolean {
  if (scene.context === 'plain' && scene.style === 'plain') return false;
  const key = `${scene.subject.className}|${scene.context}|${scene.style}`;
  return hashText(`held out ${key}`) % 100 < HELD_OUT_PERCENT;
}

/** One look in this many is reserved. */
const RESERVED_LOOKS = 12;

/**
 * @returns whether the subject's class × colours × pattern is reserved for subjects that
 * pretraining must not have seen
 */
export function isReservedLook(subject: Subject): boolean {
  const { className, primary, secondary, pattern } = subject;
  return hashText(`look ${className}|${primary}|${secondary}|${pattern}`) % RESERVED_LOOKS === 0;
}

/** Tries derived seeds in order until a scene passes; deterministic. */
function firstScene(seed: number, restrict: Restriction, passes: (scene: Scene) => boolean): Scene {
  for (let attempt = 0; attempt < 10_000; attempt++) {
    const scene = sampleScene(seed + attempt * 2 ** 32, restrict);
    if (passes(scene)) return scene;
  }
  throw new Error('firstScene: no scene passes; loosen the restriction');
}

/**
 * @param index in `[0, 10⁸)`
 * @param restrict parts of the scene to fix
 * @returns a scene that pretraining may draw: no held-out combination, no reserved look
 */
export function pretrainingScene(index: number, restrict: Restriction = {}): Scene {
  return firstScene(
    seedOf('pretraining', index),
    restrict,
    (scene) => !isHeldOut(scene) && !isReservedLook(scene.subject),
  );
}

/**
 * @param index in `[0, 10⁸)`
 * @param unseen true for a combination that pretraining never drew, false for one it may have
 */
export function testScene(index: number, unseen: boolean, restrict: Restriction = {}): Scene {
  return firstScene(seedOf('test', index), restrict, (scene) => isHeldOut(scene) === unseen);
}

/** @returns any scene, from the judges' own seeds */
export function judgeScene(index: number, restrict: Restriction = {}): Scene {
  return sampleScene(seedOf('judges', index), restrict);
}

/** @returns an individual from the judges' own seeds; its looks may be anybody's */
export function judgeSubject(index: number, restrict: Restriction = {}): Subject {
  return sampleSubject(createRandom(seedOf('judges', index)), restrict);
}

function unseenSubject(seed: number, className: ClassName | undefined): Subject {
  for (let attempt = 0; attempt < 10_000; attempt++) {
    const subject = sampleSubject(
      createRandom(seed + attempt * 2 ** 32),
      className === undefined ? {} : { className },
    );
    if (isReservedLook(subject)) return subject;
  }
  throw new Error('unseenSubject: no reserved look; the hash rule is broken');
}

/**
 * @param index which demo subject, in `[0, 10⁵)`
 * @param className its class, by chance where absent
 * @returns an individual whose looks pretraining never drew
 */
export function demoSubject(index: number, className?: ClassName): Subject {
  return unseenSubject(seedOf('demo', index * 100), className);
}

/**
 * @param index which test subject, in `[0, 10⁵)`
 * @param className its class, by chance where absent
 * @returns an individual whose looks pretraining never drew
 */
export function testSubject(index: number, className?: ClassName): Subject {
  return unseenSubject(seedOf('testSubjects', index * 100), className);
}

/** Quiet places for photos of a subject. */
const PHOTO_CONTEXTS = [
  'plain',
  'wooden floor',
  'grass',
  'room',
  'city',
  'mountain',
  'street',
] as const;

/**
 * Draws several photos of one subject: other places and poses, plain style, nothing worn.
 *
 * @param subject who is photographed
 * @param count how many
 * @param seed chooses places and poses
 */
export function photosOf(subject: Subject, count: number, seed: number): Scene[] {
  const start = createRandom(seed).int(PHOTO_CONTEXTS.length);
  return Array.from({ length: count }, (_, i) =>
    sampleScene(seed + 1 + i, {
      subject,
      context: PHOTO_CONTEXTS[(start + i) % PHOTO_CONTEXTS.length] ?? 'plain',
      style: 'plain',
      view: 'plain',
      accessory: 'none',
      shiny: false,
    }),
  );
}

/**
 * @param index which demo subject
 * @param count how many photos, at most 90
 * @param className the class given to `demoSubject`, if any
 */
export function demoPhotos(index: number, count: number, className?: ClassName): Scene[] {
  return photosOf(demoSubject(index, className), count, seedOf('demo', index * 100 + 1));
}

/**
 * @param index which test subject
 * @param count how many photos, at most 90
 * @param className the class given to `testSubject`, if any
 */
export function testPhotos(index: number, count: number, className?: ClassName): Scene[] {
  return photosOf(testSubject(index, className), count, seedOf('testSubjects', index * 100 + 1));
}
