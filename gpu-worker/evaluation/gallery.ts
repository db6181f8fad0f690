/** @file Strangers of a class, as drawn: whom a subject is told from, and how near one of them comes by chance. */
import { JUDGE_SEEDS } from '../pocket/judges/training-pictures.ts';
import { PICTURE_SIZE, renderScene } from '../pocket/world/render.ts';
import { CLASSES, type ClassName, type Scene, sampleScene } from '../pocket/world/scene.ts';
import { judgeSubject, photosOf, seedOf } from '../pocket/world/seeds.ts';
import { cosine, type Judge, type Seen } from './judge.ts';
import type { RgbPicture } from './pictures.ts';
import { meanOf, quantileOf } from './statistics.ts';
import { PHOTOS } from './subjects.ts';

/** Individuals that a subject is one of, itself included. */
export const GALLERY = 50;
/** Drawings of other strangers, to find out how near chance comes. */
const PASSERS_BY = 400;
/** Share of strangers that may be taken for the subject. */
const FALSE_ALARMS = 0.01;
/** Strangers of one class have seeds of their own. */
const SEEDS_A_CLASS = 100_000;

/** What the judge sees of strangers. */
export interface Strangers {
  /** Photos of 49 individuals. */
  readonly photos: readonly (readonly Seen[])[];
  /** One picture each of others, as "a [class]" is drawn. */
  readonly passersBy: readonly Seen[];
}

const draw = async (scene: Scene): Promise<RgbPicture> => ({
  rgb: await renderScene(scene),
  width: PICTURE_SIZE,
  height: PICTURE_SIZE,
});

async function seeScenes(judge: Judge, scenes: readonly Scene[]): Promise<Seen[]> {
  const pictures: RgbPicture[] = [];
  for (const scene of scenes) pictures.push(await draw(scene));
  return judge.see(pictures);
}

/** Draws the strangers of a class; the same ones in every evaluation. */
export async function meetStrangers(judge: Judge, className: ClassName): Promise<Strangers> {
  const first = JUDGE_SEEDS.strangers + CLASSES.indexOf(className) * SEEDS_A_CLASS;
  const photos: Seen[][] = [];
  for (let i = 1; i < GALLERY; i++) {
    const subject = judgeSubject(first + i, { className });
    const scenes = photosOf(subject, PHOTOS, seedOf('judges', first + 1000 + i * (PHOTOS + 1)));
    photos.push(await seeScenes(judge, scenes));
  }
  const scenes = Array.from({ length: PASSERS_BY }, (_, i) =>
    sampleScene(seedOf('judges', first + 10_000 + i), {
      className,
      style: 'plain',
      view: 'plain',
      shiny: false,
    }),
  );
  return { photos, passersBy: await seeScenes(judge, scenes) };
}

/** Mean cosine of a picture with photos. */
export const likeness = (picture: Seen, photos: readonly Seen[]): number =>
  meanOf(photos.map(({ identity }) => cosine(picture.identity, identity)));

/** @returns whether a picture is nearer to the subject than to every stranger */
export function isTheSubject(
  picture: Seen,
  photos: readonly Seen[],
  strangers: Pick<Strangers, 'photos'>,
): boolean {
  const own = likeness(picture, photos);
  return strangers.photos.every((others) => likeness(picture, others) < own);
}

/** @returns the likeness above which a picture is taken for the subject: one stranger in a hundred reaches it */
export function threshold(photos: readonly Seen[], { passersBy }: Strangers): number {
  return quantileOf(
    passersBy.map((stranger) => likeness(stranger, photos)),
    1 - FALSE_ALARMS,
  );
}
