/** @file Contact sheets: many pictures in one file, which the report shows tile by tile. */
import sharp from 'sharp';

/** Side of a tile, in pixels. */
export const TILE = 128;
/** Lossy: a sheet of a hundred tiles stays below half a megabyte. */
const QUALITY = 72;

/** A WebP's sides have at most this many pixels. */
const MAX_SIDE = 16_383;

/** Where one picture stands on its sheet, in pixels. */
export interface Tile {
  readonly sheet: string;
  readonly left: number;
  readonly top: number;
}

export interface Sheet {
  readonly width: number;
  readonly height: number;
  readonly tiles: readonly Tile[];
}

/**
 * Writes pictures side by side, row by row, as one WebP.
 * @param file the sheet
 * @param name what the report calls the file
 * @param wanted columns; more where the sheet would be too high
 */
export async function writeSheet(
  file: string,
  name: string,
  pictureFiles: readonly string[],
  wanted: number,
): Promise<Sheet> {
  const columns = Math.max(wanted, Math.ceil(pictureFiles.length / Math.floor(MAX_SIDE / TILE)));
  const tiles = pictureFiles.map((_, i) => ({
    sheet: name,
    left: (i % columns) * TILE,
    top: Math.floor(i / columns) * TILE,
  }));
  const layers = await Promise.all(
    pictureFiles.map(async (picture, i) => ({
      input: await sharp(picture)
        .rotate()
        .removeAlpha()
        .resize(TILE, TILE, { fit: 'cover', kernel: 'lanczos3' })
        .png()
        .toBuffer(),
      left: tiles[i]!.left,
      top: tiles[i]!.top,
    })),
  );
  const width = Math.min(columns, pictureFiles.length) * TILE;
  const height = Math.ceil(pictureFiles.length / columns) * TILE;
  await sharp({ create: { width, height, channels: 3, background: '#ffffff' } })
    .composite(layers)
    .webp({ quality: QUALITY })
    .toFile(file);
  return { width, height, tiles };
}
