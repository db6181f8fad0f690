/** @file Grids of pictures as one PNG, for people to look at. */

import sharp from 'sharp';
import { PICTURE_SIZE, renderScene } from './render.ts';
import type { Scene } from './scene.ts';

/** How a sheet is laid out. */
export interface SheetLayout {
  readonly columns: number;
  /** Side of each drawn picture, in pixels. */
  readonly size?: number;
  /** Whole-number magnification of the pixels. */
  readonly zoom?: number;
}

/**
 * Draws scenes into one PNG, row by row.
 *
 * @param scenes what to draw
 * @param layout columns, picture size, magnification
 * @returns the PNG's bytes
 */
export async function drawContactSheet(
  scenes: readonly Scene[],
  layout: SheetLayout,
): Promise<Buffer> {
  const { columns, size = PICTURE_SIZE, zoom = 1 } = layout;
  const gap = 2;
  const rows = Math.ceil(scenes.length / columns);
  const width = columns * (size + gap) + gap;
  const height = rows * (size + gap) + gap;
  const sheet = new Uint8Array(width * height * 3).fill(255);
  for (const [index, scene] of scenes.entries()) {
    const pixels = await renderScene(scene, size);
    const left = gap + (index % columns) * (size + gap);
    const top = gap + Math.floor(index / columns) * (size + gap);
    for (let y = 0; y < size; y++)
      sheet.set(pixels.subarray(y * size * 3, (y + 1) * size * 3), ((top + y) * width + left) * 3);
  }
  return sharp(sheet, { raw: { width, height, channels: 3 } })
    .resize(width * zoom, height * zoom, { kernel: 'nearest' })
    .png()
    .toBuffer();
}
