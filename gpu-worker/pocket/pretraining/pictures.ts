/** @file The pictures that pretraining sees, rendered once into one file. */
import { closeSync, existsSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { toChannels } from '../world/pixels.ts';
import { PICTURE_SIZE, renderScene } from '../world/render.ts';
import { pretrainingScene } from '../world/seeds.ts';

export const PICTURE_BYTES = PICTURE_SIZE * PICTURE_SIZE * 3;
const AT_ONCE = 64;

/**
 * Renders pictures 0 … count − 1, those that the file does not hold yet.
 * @param file uint8 RGB, one picture after the other; below 2 GiB
 * @returns all pictures of the file
 */
export async function preparePictures(
  file: string,
  count: number,
  onProgress: (done: number) => void,
): Promise<Uint8Array> {
  const size = existsSync(file) ? statSync(file).size : 0;
  const handle = openSync(file, size > 0 ? 'r+' : 'w');
  for (let start = Math.floor(size / PICTURE_BYTES); start < count; start += AT_ONCE) {
    const length = Math.min(AT_ONCE, count - start);
    const pictures = await Promise.all(
      Array.from({ length }, (_, i) => renderScene(pretrainingScene(start + i))),
    );
    for (const [i, picture] of pictures.entries())
      writeSync(handle, picture, 0, PICTURE_BYTES, (start + i) * PICTURE_BYTES);
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
