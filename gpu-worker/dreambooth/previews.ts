/** @file Previews of pictures that are being drawn: seldom enough to cost little, small enough to be sent. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { pixelsToPng } from '../diffusion/images/pixels.ts';
import type { Picture } from '../diffusion/pipelines/text-to-image.ts';

/** Previews of one rendering. */
export interface Previews {
  /** Whether one is wanted after this step. */
  isDue(step: number, totalSteps: number): boolean;
  /** Writes one. */
  write(pictures: readonly Picture[]): Promise<void>;
  /** @returns the newest that was not taken yet */
  takeFile(): string | undefined;
}

/** Before that share of the steps there is little to see. */
const FIRST_SHARE = 0.2;
/** Decoding may take this share of the time. */
const LARGEST_COST = 0.1;
/** Longest side of a picture in a preview, pixels. */
const SIDE = 256;
/** Pictures side by side. */
const COLUMNS = 2;

/** @param options.everyMs absent: there are none */
export function createPreviews(options: {
  readonly outputDir: string;
  readonly everyMs: number | undefined;
  readonly now: () => number;
}): Previews {
  const { outputDir, everyMs, now } = options;
  let last = now();
  let costMs = 0;
  let askedAt = 0;
  let count = 0;
  let waiting: string | undefined;
  return {
    isDue(step, totalSteps) {
      if (everyMs === undefined || step < totalSteps * FIRST_SHARE) return false;
      askedAt = now();
      return askedAt - last >= Math.max(everyMs, costMs / LARGEST_COST);
    },
    async write(pictures) {
      const file = path.join(outputDir, `preview-${count++}.png`);
      writeFileSync(file, await drawContactSheet(pictures));
      last = now();
      costMs = last - askedAt;
      waiting = file;
    },
    takeFile() {
      const file = waiting;
      waiting = undefined;
      return file;
    },
  };
}

/** Pictures of one size as one small PNG, two in a row. */
async function drawContactSheet(pictures: readonly Picture[]): Promise<Buffer> {
  const { width, height } = pictures[0]!;
  const scale = Math.min(1, SIDE / Math.max(width, height));
  const [w, h] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
  const columns = Math.min(COLUMNS, pictures.length);
  const cells = await Promise.all(
    pictures.map(async (picture, i) => ({
      input: await sharp(await pixelsToPng(picture.pixels, height, width))
        .resize(w, h, { fit: 'fill' })
        .png()
        .toBuffer(),
      left: (i % columns) * w,
      top: Math.floor(i / columns) * h,
    })),
  );
  const rows = Math.ceil(pictures.length / columns);
  return sharp({
    create: { width: columns * w, height: rows * h, channels: 3, background: '#000' },
  })
    .composite(cells)
    .png()
    .toBuffer();
}
