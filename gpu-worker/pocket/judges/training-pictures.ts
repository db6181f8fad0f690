/** @file The judges' own drawings: several pictures of each of thousands of individuals, drawn once into one file. */
import {
  closeSync,
  existsSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import sharp from 'sharp';
import { toChannels } from '../world/pixels.ts';
import { renderScene } from '../world/render.ts';
import { CLASSES, type Scene, type Subject, sampleScene } from '../world/scene.ts';
import { judgeSubject, seedOf } from '../world/seeds.ts';
import { JUDGE_SIZE } from './network.ts';

/** Pictures of one individual. */
export const PICTURES_EACH = 4;
export const PICTURE_BYTES = JUDGE_SIZE * JUDGE_SIZE * 3;

/** Parts of the judges' seeds, so that what tests them was never trained on. */
export const JUDGE_SEEDS = {
  subjects: 0,
  pictures: 1_000_000,
  floorSubjects: 50_000_000,
  floorPhotos: 51_000_000,
  floorPictures: 52_000_000,
  strangers: 60_000_000,
} as const;

/** An individual and its twin have a class and both colours in common: telling them apart takes more. */
export const siblingOf = (index: number): number => index ^ 1;

/** @returns class number `index` of a training set, twins following each other */
export const classOf = (index: number) => CLASSES[Math.floor(index / 2) % CLASSES.length]!;

/**
 * @param index of an individual of the training set
 */
export function trainingSubject(index: number): Subject {
  const className = classOf(index);
  const first = judgeSubject(JUDGE_SEEDS.subjects + (index & ~1), { className });
  if (index % 2 === 0) return first;
  const { primary, secondary } = first;
  return judgeSubject(JUDGE_SEEDS.subjects + index, { className, primary, secondary });
}

/** @returns what picture `picture` of an individual shows */
export function trainingScene(subject: number, picture: number): Scene {
  const seed = seedOf('judges', JUDGE_SEEDS.pictures + subject * PICTURES_EACH + picture);
  return sampleScene(seed, { subject: trainingSubject(subject) });
}

/** Sends pictures through an autoencoder: uint8 RGB in and out, one array a picture. */
export type Reconstruct = (
  pictures: readonly Uint8Array[],
  first: number,
) => Promise<readonly Uint8Array[]>;

const AT_ONCE = 32;
/** Of an individual's four pictures one is a JPEG, and every other pair of twins has one reconstructed. */
const isCompressed = (index: number): boolean => index % PICTURES_EACH === 3;
const isReconstructed = (index: number): boolean =>
  index % PICTURES_EACH === 1 && subjectOf(index) % 4 < 2;

/**
 * Draws the pictures of `subjects` individuals unless the file already holds them.
 * @param file uint8 RGB, one picture after the other
 */
export async function drawTrainingPictures(
  file: string,
  subjects: number,
  reconstruct: Reconstruct,
  onProgress: (done: number) => void,
): Promise<void> {
  const count = subjects * PICTURES_EACH;
  if (existsSync(file) && statSync(file).size === count * PICTURE_BYTES) return;
  const partial = `${file}.part`;
  const drawn = existsSync(partial) ? Math.floor(statSync(partial).size / PICTURE_BYTES) : 0;
  const handle = openSync(partial, drawn > 0 ? 'r+' : 'w');
  for (let start = drawn - (drawn % AT_ONCE); start < count; start += AT_ONCE) {
    const indices = Array.from({ length: Math.min(AT_ONCE, count - start) }, (_, i) => start + i);
    const pictures = await Promise.all(
      indices.map((index) => renderScene(trainingScene(subjectOf(index), index % PICTURES_EACH))),
    );
    const chosen = indices.flatMap((index, i) => (isReconstructed(index) ? [i] : []));
    const reconstructed = await reconstruct(
      chosen.map((i) => pictures[i]!),
      start,
    );
    for (const [k, i] of chosen.entries()) pictures[i] = reconstructed[k]!;
    for (const [i, index] of indices.entries()) {
      if (isCompressed(index)) pictures[i] = await compress(pictures[i]!, 25 + ((index * 7) % 50));
    }
    for (const [i, picture] of pictures.entries())
      writeSync(handle, picture, 0, PICTURE_BYTES, (start + i) * PICTURE_BYTES);
    onProgress(start + indices.length);
  }
  closeSync(handle);
  renameSync(partial, file);
}

const subjectOf = (index: number): number => Math.floor(index / PICTURES_EACH);

/** There and back through JPEG. */
async function compress(picture: Uint8Array, quality: number): Promise<Uint8Array> {
  const raw = { width: JUDGE_SIZE, height: JUDGE_SIZE, channels: 3 } as const;
  const jpeg = await sharp(picture, { raw }).jpeg({ quality }).toBuffer();
  return sharp(jpeg).removeAlpha().raw().toBuffer();
}

/** Reads single pictures of the file: it may be larger than what an array should hold. */
export class TrainingPictures {
  readonly #handle: number;
  readonly #bytes = new Uint8Array(PICTURE_BYTES);

  constructor(file: string) {
    this.#handle = openSync(file, 'r');
  }

  /** Writes one picture into a batch, as float32 channels in [−1, 1]. */
  read(subject: number, picture: number, out: Float32Array): void {
    const index = subject * PICTURES_EACH + picture;
    readSync(this.#handle, this.#bytes, 0, PICTURE_BYTES, index * PICTURE_BYTES);
    toChannels(this.#bytes, out);
  }

  close(): void {
    closeSync(this.#handle);
  }
}
