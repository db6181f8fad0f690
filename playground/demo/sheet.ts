/** @file The sheet: rows of pictures under their labels, as one PNG. */
import sharp from 'sharp';
import { measureText, writeText } from './pixel-letters.ts';

/** One row. */
export interface SheetRow {
  readonly label: string;
  /** Encoded; scaled to squares. */
  readonly pictures: readonly Buffer[];
}

/** Side of a picture on the sheet: twice pocket's pixels. */
const SIDE = 128;
const GAP = 6;
const MARGIN = 16;
const LABEL_HEIGHT = 30;
const LETTER_SCALE = 2;
const MAX_COLUMNS = 8;
const PAPER = '#ffffff';
const INK = '#202024';

/** Draws the sheet; a long row is broken into lines. @returns PNG */
export async function drawSheet(rows: readonly SheetRow[]): Promise<Buffer> {
  const widest = Math.max(...rows.map(({ pictures }) => Math.min(pictures.length, MAX_COLUMNS)));
  const labels = Math.max(...rows.map(({ label }) => measureText(label, LETTER_SCALE)));
  const width = 2 * MARGIN + Math.max(widest * (SIDE + GAP) - GAP, labels);
  const layers: { input: Buffer; left: number; top: number }[] = [];
  let text = '';
  let top = MARGIN;
  for (const { label, pictures } of rows) {
    text += writeText(label, { x: MARGIN, y: top + 6, scale: LETTER_SCALE, fill: INK });
    top += LABEL_HEIGHT;
    for (const [index, picture] of pictures.entries()) {
      layers.push({
        input: await scale(picture),
        left: MARGIN + (index % MAX_COLUMNS) * (SIDE + GAP),
        top: top + Math.floor(index / MAX_COLUMNS) * (SIDE + GAP),
      });
    }
    top += Math.ceil(pictures.length / MAX_COLUMNS) * (SIDE + GAP) + GAP;
  }
  const height = top + MARGIN - GAP;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${text}</svg>`;
  return sharp({ create: { width, height, channels: 3, background: PAPER } })
    .composite([{ input: Buffer.from(svg), left: 0, top: 0 }, ...layers])
    .png()
    .toBuffer();
}

/** Small pictures keep their pixels; large ones are reduced smoothly, the middle square of them. */
async function scale(picture: Buffer): Promise<Buffer> {
  const { width = SIDE } = await sharp(picture).metadata();
  const kernel = SIDE % width === 0 ? 'nearest' : 'lanczos3';
  return sharp(picture)
    .rotate()
    .removeAlpha()
    .resize(SIDE, SIDE, { fit: 'cover', kernel })
    .png()
    .toBuffer();
}
