/** @file The pictures that pretraining sees, rendered once into one file. */
import { closeSync, existsSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { toChannels } from '../world/pixels.ts';
import { PICTURE_SIZE, renderScene, subjectCoverage } from '../world/render.ts';
import type { Scene } from '../world/scene.ts';
import { pretrainingScene } from '../world/seeds.ts';

export const PICTURE_BYTES = PICTURE_SIZE * PICTURE_SIZE * 3;
const AT_ONCE = 64;

/**
 * Renders pictures 0 … count − 1, those that the file does not hold yet.
 * @param file uint8 RGB, one picture after the other; below 2 GiB
 * @returns all pictures of the file
 */
export const preparePictures = (
  file: string,
  count: number,
  onProgress: (done: number) => void,
): Promise<Uint8Array> => renderRest(file, count, PICTURE_BYTES, renderScene, onProgress);

/**
 * Renders where in pictures 0 … count − 1 the subject is, for those that the file does not hold yet.
 * @param file uint8, `side · side` a picture; see {@link subjectCoverage}
 * @param side of a latent
 */
export const prepareCoverage = (
  file: string,
  count: number,
  side: number,
  onProgress: (done: number) => void,
): Promise<Uint8Array> =>
  renderRest(file, count, side * side, (scene) => subjectCoverage(scene, side), onProgress);

/** @param bytes that `render` gives for a scene */
async function renderRest(
  file: string,
  count: number,
  bytes: number,
  render: (scene: Scene) => Promise<Uint8Array>,
  onProgress: (done: number) => void,
): Promise<Uint8Array> {
  const size = existsSync(file) ? statSync(file).size : 0;
  const handle = openSync(file, size > 0 ? 'r+' : 'w');
  for (let start = Math.floor(size / bytes); start < count; start += AT_ONCE) {
    const length = Math.min(AT_ONCE, count - start);
    const rendered = await Promise.all(
      Array.from({ length }, (_, i) => render(pretrainingScene(start + i))),
    );
    for (const [i, data] of rendered.entries())
      writeSync(handle, data, 0, bytes, (start + i) * bytes);
    onProgress(start + length);
  }
  closeSync(handle);
  return readFileSync(file);
}

/**
 * Copies one picture into a batch, as float32 channels in [−1, 1].
 * @param out `[rows, 3, PICTURE_SIZE, PICTURE_SIZE]`
 */
export function copyPicture(
  pictures: Uint8Array,
  index: number,
  out: Float32Array,
  row: number,
): void {
  const channels = out.subarray(row * PICTURE_BYTES, (row + 1) * PICTURE_BYTES);
  toChannels(pictures.subarray(index * PICTURE_BYTES, (index + 1) * PICTURE_BYTES), channels);
}
