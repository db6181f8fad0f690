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
  return new Uint8Array(readFileSync(file));
}

/**
 * Copies one picture into a batch, as float32 channels in [−1, 1].
 * @param out `[rows, 3, size, size]`
 */
export function copyPicture(
  pictures: Uint8Array,
  index: number,
  out: Float32Array,
  row: number,
): void {
  const pixels = PICTURE_SIZE * PICTURE_SIZE;
  const from = index * PICTURE_BYTES;
  const to = row * PICTURE_BYTES;
  for (let i = 0; i < pixels; i++) {
    for (let c = 0; c < 3; c++) out[to + c * pixels + i] = pictures[from + 3 * i + c]! / 127.5 - 1;
  }
}
