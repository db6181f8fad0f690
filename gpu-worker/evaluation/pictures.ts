/** @file Picture files on their way to a judge. */
import sharp from 'sharp';

/** 8-bit sRGB, interleaved, rows from the top. */
export interface RgbPicture {
  readonly rgb: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Reads a PNG, JPEG or WebP, turned upright. */
export async function readPicture(file: string): Promise<RgbPicture> {
  const { data, info } = await sharp(file)
    .rotate()
    .removeAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { rgb: data, width: info.width, height: info.height };
}

export const readPictures = (files: readonly string[]): Promise<RgbPicture[]> =>
  Promise.all(files.map(readPicture));
