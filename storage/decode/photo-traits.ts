/** @file What a clean photo looks like at a glance: how sharp, how large, like which others, before what. For the decoder child. */
import sharp from 'sharp';

/** Figures of one photo, by which photos of a set are compared. */
export interface PhotoTraits {
  /** Shorter side of the photo as it came, in pixels. */
  readonly shortSide: number;
  /** Variance of the Laplacian of its grey levels, 0 … 255, at a fixed size: small where nothing is sharp. */
  readonly sharpness: number;
  /** 64 bits, 16 hex digits: whether each of 8 × 8 places is brighter than its right neighbour. */
  readonly hash: string;
  /** Mean colours along its border, red, green and blue of each place, 0 … 255. */
  readonly border: number[];
}

/** Side within which sharpness is measured: a large photo is not sharper for its size. */
const SHARPNESS_SIDE = 256;
/** Places along a side of the border, and the hash's rows. */
const BORDER_PLACES = 8;
const HASH_ROWS = 8;

/**
 * @param png clean
 * @param shortSide of the photo as it came, in pixels
 */
export async function measurePhoto(png: Buffer, shortSide: number): Promise<PhotoTraits> {
  return {
    shortSide,
    sharpness: await measureSharpness(png),
    hash: await differenceHash(png),
    border: await readBorder(png),
  };
}

/** @see Pech-Pacheco et al. 2000, Diatom autofocusing in brightfield microscopy */
async function measureSharpness(png: Buffer): Promise<number> {
  const { data, info } = await sharp(png)
    .resize(SHARPNESS_SIDE, SHARPNESS_SIDE, { fit: 'inside', withoutEnlargement: true })
    .greyscale()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  const at = (x: number, y: number) => data[(y * width + x) * channels]!;
  let [sum, squares, count] = [0, 0, 0];
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const laplacian = at(x - 1, y) + at(x + 1, y) + at(x, y - 1) + at(x, y + 1) - 4 * at(x, y);
      sum += laplacian;
      squares += laplacian ** 2;
      count++;
    }
  }
  return count === 0 ? 0 : squares / count - (sum / count) ** 2;
}

async function differenceHash(png: Buffer): Promise<string> {
  const { data, info } = await sharp(png)
    .greyscale()
    .resize(HASH_ROWS + 1, HASH_ROWS, { fit: 'fill' })
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { width, channels } = info;
  const at = (x: number, y: number) => data[(y * width + x) * channels]!;
  let hash = '';
  for (let y = 0; y < HASH_ROWS; y++) {
    let row = 0;
    for (let x = 0; x < HASH_ROWS; x++) row = row * 2 + (at(x, y) > at(x + 1, y) ? 1 : 0);
    hash += row.toString(16).padStart(2, '0');
  }
  return hash;
}

async function readBorder(png: Buffer): Promise<number[]> {
  const side = BORDER_PLACES;
  const data = await sharp(png).resize(side, side, { fit: 'fill' }).raw().toBuffer();
  const border: number[] = [];
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const isBorder = x === 0 || y === 0 || x === side - 1 || y === side - 1;
      if (isBorder) border.push(...data.subarray((y * side + x) * 3, (y * side + x) * 3 + 3));
    }
  }
  return border;
}
