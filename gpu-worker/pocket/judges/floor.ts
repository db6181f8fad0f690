/** @file How often the judges are right about drawings that they were never trained on. */

import { toChannels } from '../world/pixels.ts';
import { createRandom } from '../world/random.ts';
import { renderScene } from '../world/render.ts';
import { CLASSES, type ClassName, type Scene, STYLES, sampleScene } from '../world/scene.ts';
import { judgeScene, judgeSubject, photosOf, seedOf } from '../world/seeds.ts';
import {
  ATTRIBUTE_NAMES,
  ATTRIBUTES,
  type AttributeName,
  showsIndividual,
  truthOf,
} from './attributes.ts';
import type { Floor, Look, PocketJudges } from './judge.ts';
import { JUDGE_SIZE } from './network.ts';
import { JUDGE_SEEDS } from './training-pictures.ts';

/** Shares of right answers below which no result counts. */
export const FLOOR = { identity: 0.95, attributes: 0.95 } as const;
/** The readers that the floor holds for; the others are shown beside them. */
export const COUNTED_ATTRIBUTES: readonly AttributeName[] = [
  'class',
  'firstColour',
  'secondColour',
  'pattern',
  'context',
  'style',
  'view',
  'accessory',
];
/** Individuals of a class that one is told from. */
export const GALLERY = 50;
const PHOTOS = 5;

/** @returns what falls below the floor, in words; empty where all results count */
export function belowFloor({ identity, attributes }: Floor): string[] {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const failures = COUNTED_ATTRIBUTES.filter(
    (name) => (attributes[name] ?? 0) < FLOOR.attributes,
  ).map((name) => `${name} ${percent(attributes[name] ?? 0)}`);
  if (identity < FLOOR.identity) failures.unshift(`identity ${percent(identity)}`);
  return failures;
}

/** Draws scenes and looks at them. */
export async function lookAtScenes(
  judges: PocketJudges,
  scenes: readonly Scene[],
): Promise<Look[]> {
  const pictures: Float32Array[] = [];
  for (const scene of scenes) {
    const pixels = new Float32Array(3 * JUDGE_SIZE ** 2);
    toChannels(await renderScene(scene, JUDGE_SIZE), pixels);
    pictures.push(pixels);
  }
  return judges.look(pictures);
}

/** @returns mean cosine of a look with several others */
export function meanCosine(look: Look, others: readonly Look[]): number {
  let sum = 0;
  for (const { identity } of others)
    for (let i = 0; i < identity.length; i++) sum += look.identity[i]! * identity[i]!;
  return sum / others.length;
}

/**
 * @param pictures scenes to read attributes from
 * @param classes whose individuals are told apart; all by default
 */
export async function measureFloor(
  judges: PocketJudges,
  pictures: number,
  classes: readonly ClassName[] = CLASSES,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<Floor> {
  const total = pictures + classes.length * GALLERY * 6;
  const attributes = await readAttributes(judges, pictures, (done) => onProgress(done, total));
  const told: Told[] = [];
  for (const [i, className] of classes.entries()) {
    told.push(...(await tellApart(judges, className)));
    onProgress(pictures + (i + 1) * GALLERY * 6, total);
  }
  const share = (some: readonly Told[]) => some.filter(({ right }) => right).length / some.length;
  const styles = STYLES.map((style) => {
    return [style, share(told.filter(({ scene }) => scene.style === style))] as const;
  });
  return {
    pictures,
    identity: share(told.filter(({ scene }) => showsIndividual(scene))),
    identityOfAll: share(told),
    identityByStyle: Object.fromEntries(styles),
    attributes,
  };
}

async function readAttributes(
  judges: PocketJudges,
  pictures: number,
  onProgress: (done: number) => void,
): Promise<Record<string, number>> {
  const right = new Map<AttributeName, number>();
  const shown = new Map<AttributeName, number>();
  const count = (map: Map<AttributeName, number>, name: AttributeName) =>
    map.set(name, (map.get(name) ?? 0) + 1);
  const step = 64;
  for (let start = 0; start < pictures; start += step) {
    const scenes = Array.from({ length: Math.min(step, pictures - start) }, (_, i) =>
      judgeScene(JUDGE_SEEDS.floorPictures + start + i),
    );
    for (const [i, { reading }] of (await lookAtScenes(judges, scenes)).entries()) {
      const truth = truthOf(scenes[i]!);
      for (const name of ATTRIBUTE_NAMES) {
        if (!ATTRIBUTES[name].shows(scenes[i]!)) continue;
        count(shown, name);
        if (reading[name] === truth[name]) count(right, name);
      }
    }
    onProgress(start + scenes.length);
  }
  return Object.fromEntries(
    ATTRIBUTE_NAMES.map((name) => [name, (right.get(name) ?? 0) / (shown.get(name) ?? 1)]),
  );
}

/** Whether the right individual was found in a drawing. */
interface Told {
  readonly scene: Scene;
  readonly right: boolean;
}

/** Each of fifty individuals has five plain photos; a drawing of each, of any kind, is to find them. */
async function tellApart(judges: PocketJudges, className: ClassName): Promise<Told[]> {
  const first = CLASSES.indexOf(className) * GALLERY;
  const subjects = Array.from({ length: GALLERY }, (_, i) =>
    judgeSubject(JUDGE_SEEDS.floorSubjects + first + i, { className }),
  );
  const gallery: Look[][] = [];
  const queries: Scene[] = [];
  for (const [i, subject] of subjects.entries()) {
    const seed = seedOf('judges', JUDGE_SEEDS.floorPhotos + (first + i) * (PHOTOS + 2));
    gallery.push(await lookAtScenes(judges, photosOf(subject, PHOTOS, seed)));
    const style = createRandom(seed).chance(0.5) ? 'plain' : STYLES[1 + (i % (STYLES.length - 1))]!;
    queries.push(sampleScene(seed + PHOTOS + 1, { subject, style }));
  }
  const looks = await lookAtScenes(judges, queries);
  return queries.map((scene, i) => {
    const scores = gallery.map((photos) => meanCosine(looks[i]!, photos));
    return { scene, right: scores.indexOf(Math.max(...scores)) === i };
  });
}
