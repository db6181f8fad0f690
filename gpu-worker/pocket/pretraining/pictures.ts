/** @file The pictures that pretraining sees, rendered once into one file. */
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import { PICTURE_SIZE, renderScene } from '../world/render.ts';
import { pretrainingScene } from '../world/seeds.ts';

export const PICTURE_BYTES = PICTURE_SIZE * PICTURE_SIZE * 3;
const AT_ONCE = 64;

/**
 * Renders pictures 0 … count − 1 unless the file already holds them.
 * @param file uint8 RGB, one picture after the other
 * @returns all pictures
 */
export async function preparePictures(
  file: string,
  count: number,
  onProgress: (done: number) => void,
): Promise<Uint8Array> {
  if (!existsSync(file) || statSync(file).size !== count * PICTURE_BYTES) {
    const temporary = `${file}.part`;
    const handle = openSync(temporary, 'w');
    for (let start = 0; start < count; start += AT_ONCE) {
      const length = Math.min(AT_ONCE, count - start);
      const pictures = await Promise.all(
        Array.from({ length }, (_, i) => renderScene(pretrainingScene(start + i))),
      );
      for (const picture of pictures) writeSync(handle, picture);
      onProgress(start + length);
    }
    closeSync(handle);
    renameSync(temporary, file);
  }
  return readFileSync(file);
}

/** A square part of a picture, in pixels. */
export interface Crop {
  readonly left: number;
  readonly top: number;
  readonly size: number;
}
export const WHOLE_PICTURE: Crop = { left: 0, top: 0, size: PICTURE_SIZE };

/**
 * Copies part of one picture into a batch, as float32 channels in [−1, 1].
 * @param out `[rows, 3, size, size]`
 */
export function copyCrop(
  pictures: Uint8Array,
  index: number,
  { left, top, size }: Crop,
  out: Float32Array,
  row: number,
): void {
  const pixels = size * size;
  for (let y = 0; y < size; y++) {
    const from = index * PICTURE_BYTES + ((top + y) * PICTURE_SIZE + left) * 3;
    const to = row * 3 * pixels + y * size;
    for (let x = 0; x < size; x++) {
      for (let c = 0; c < 3; c++)
        out[to + c * pixels + x] = pictures[from + 3 * x + c]! / 127.5 - 1;
    }
  }
}
