/** @file Several of our own pictures as one, side by side and row by row: a message holds ten files only. */
import sharp from 'sharp';

/** Largest side of one picture in it, and the gap between two, in pixels. */
const TILE = 256;
const GAP = 4;

/**
 * @param rows pictures that we stored ourselves; at least one, the first one's size goes for all
 * @param tile largest side of one picture, in pixels
 * @returns a PNG
 */
export async function drawStrip(
  rows: readonly (readonly Buffer[])[],
  tile: number = TILE,
): Promise<Buffer> {
  const { width, height } = await sharp(rows[0]?.[0]).metadata();
  const scale = Math.min(1, tile / Math.max(width, height));
  const size = { width: Math.round(width * scale), height: Math.round(height * scale) };
  const columns = Math.max(...rows.map((row) => row.length));
  const placed = await Promise.all(
    rows.flatMap((row, y) =>
      row.map(async (picture, x) => ({
        input: await sharp(picture).resize(size.width, size.height, { fit: 'cover' }).toBuffer(),
        left: x * (size.width + GAP),
        top: y * (size.height + GAP),
      })),
    ),
  );
  const create = {
    width: columns * (size.width + GAP) - GAP,
    height: rows.length * (size.height + GAP) - GAP,
    channels: 3,
    background: '#ffffff',
  } as const;
  return sharp({ create }).composite(placed).png().toBuffer();
}
