/** @file A grid of pictures that shows how far pretraining has come: one prompt a row. */
import { writeFileSync } from 'node:fs';
import sharp, { type OverlayOptions } from 'sharp';
import { pixelsToPng } from '../../diffusion/images/pixels.ts';
import type { TextToImagePipeline } from '../../diffusion/pipelines/text-to-image.ts';

const PROMPTS = [
  'a cat',
  'a dog on the beach',
  'a red teapot on a wooden floor',
  'a blue and yellow striped backpack',
  'a painting of a car in the city',
  'a pencil sketch of a boot',
  'a stuffed animal wearing a red hat in the snow',
  'a green spotted vase at night',
  'a bird in the jungle wearing a gold crown',
  'a purple sneaker as pixel art',
];
const COLUMNS = 8;

/** Writes a PNG of ten prompts × eight seeds. */
export async function writeSampleGrid(pipeline: TextToImagePipeline, file: string): Promise<void> {
  const tiles: OverlayOptions[] = [];
  let side = 0;
  for (const [row, prompt] of PROMPTS.entries()) {
    const pictures = await pipeline.generate({
      prompts: Array<string>(COLUMNS).fill(prompt),
      seeds: Array.from({ length: COLUMNS }, (_, i) => i),
      sampler: 'dpmpp_2m',
      numInferenceSteps: 20,
      guidanceScale: 3,
    });
    for (const [column, { pixels, height, width }] of pictures.entries()) {
      side = width;
      tiles.push({
        input: await pixelsToPng(pixels, height, width),
        left: column * side,
        top: row * side,
      });
    }
  }
  const sheet = sharp({
    create: {
      width: COLUMNS * side,
      height: PROMPTS.length * side,
      channels: 3,
      background: '#fff',
    },
  });
  writeFileSync(file, await sheet.composite(tiles).png().toBuffer());
}
