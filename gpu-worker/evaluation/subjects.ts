/** @file Whom the protocol teaches the base: individuals that the world draws, or a folder of photos. */
import { mkdirSync, readdirSync, renameSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { createRandom } from '../pocket/world/random.ts';
import { PICTURE_SIZE, renderScene } from '../pocket/world/render.ts';
import { CLASSES, type ClassName, type Scene, type Subject } from '../pocket/world/scene.ts';
import { testPhotos, testSubject } from '../pocket/world/seeds.ts';
import { EvaluationError } from './evaluation-error.ts';

export interface EvaluationSubject {
  /** Unique in an evaluation; also its folder's name. */
  readonly name: string;
  /** Its place in the evaluation: pictures and identifier are seeded by it. */
  readonly index: number;
  readonly classNoun: string;
  readonly photoFiles: readonly string[];
  /** What it truly looks like, where the world draws it. */
  readonly drawn?: Subject & { readonly className: ClassName };
}

/** Photos of a drawn subject: the paper's dataset has four to six. */
export const PHOTOS = 5;
/** Subjects that one seed may have. */
const SUBJECTS_A_SEED = 32;
const SEEDS = 3000;

/**
 * Draws subjects that pretraining never saw, as many of each class as of any other or one more.
 * @param seed in [0, 3000): chooses classes and individuals
 * @param dir where photos go, a folder a subject
 */
export async function drawSubjects(
  count: number,
  seed: number,
  dir: string,
): Promise<EvaluationSubject[]> {
  if (count < 1 || count > SUBJECTS_A_SEED)
    throw new EvaluationError(`--subjects ${count}: expected 1 to ${SUBJECTS_A_SEED}`);
  if (!Number.isInteger(seed) || seed < 0 || seed >= SEEDS)
    throw new EvaluationError(`--seed ${seed}: expected a whole number from 0 to ${SEEDS - 1}`);
  const random = createRandom(seed);
  const classes = [...CLASSES];
  for (let i = classes.length - 1; i > 0; i--) {
    const j = random.int(i + 1);
    [classes[i], classes[j]] = [classes[j]!, classes[i]!];
  }
  const subjects: EvaluationSubject[] = [];
  for (let i = 0; i < count; i++) {
    const className = classes[i % classes.length]!;
    const number = seed * SUBJECTS_A_SEED + i;
    const name = `${String(i + 1).padStart(2, '0')}-${className.replaceAll(' ', '-')}`;
    subjects.push({
      name,
      index: i,
      classNoun: className,
      photoFiles: await drawSceneFiles(
        testPhotos(number, PHOTOS, className),
        path.join(dir, name, 'photos'),
      ),
      drawn: { ...testSubject(number, className), className },
    });
  }
  return subjects;
}

/**
 * Draws scenes into a folder, `0.png` and on; what an earlier run drew is drawn again, the same. Another process may read
 * it meanwhile, so each picture is put in place when it is whole.
 */
export async function drawSceneFiles(scenes: readonly Scene[], dir: string): Promise<string[]> {
  mkdirSync(dir, { recursive: true });
  const raw = { width: PICTURE_SIZE, height: PICTURE_SIZE, channels: 3 } as const;
  const files: string[] = [];
  for (const [i, scene] of scenes.entries()) {
    const file = path.resolve(dir, `${i}.png`);
    const part = `${file}.${process.pid}.part`;
    await sharp(await renderScene(scene, PICTURE_SIZE), { raw })
      .png()
      .toFile(part);
    renameSync(part, file);
    files.push(file);
  }
  return files;
}

const PICTURE_FILE = /\.(jpe?g|png|webp)$/i;
const MIN_PHOTOS = 1;

/** @throws {EvaluationError} when the folder has no photos */
export function photographedSubject(dir: string, classNoun: string): EvaluationSubject {
  let names: string[];
  try {
    names = readdirSync(dir).filter((name) => PICTURE_FILE.test(name));
  } catch (cause) {
    throw new EvaluationError(`--photos ${dir}: ${(cause as Error).message}`, { cause });
  }
  if (names.length < MIN_PHOTOS)
    throw new EvaluationError(`--photos ${dir}: no pictures (jpeg, png, webp) in it`);
  names.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  return {
    name: `01-${classNoun.replaceAll(' ', '-')}`,
    index: 0,
    classNoun,
    photoFiles: names.map((name) => path.resolve(dir, name)),
  };
}
