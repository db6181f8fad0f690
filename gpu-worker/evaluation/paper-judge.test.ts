/** @file The paper's judges: Pillow's resizing to the bit, and the way to tiny ONNX files and back. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadClipTokenizer } from '../diffusion/tokenizers/clip-tokenizer.ts';
import { Graph } from '../tensor/graph/graph.ts';
import { abs, cast, sub } from '../tensor/graph/ops/elementwise.ts';
import { concat, reshape, slice } from '../tensor/graph/ops/movement.ts';
import { reduceMean } from '../tensor/graph/ops/reduction.ts';
import {
  CLIP_TRANSFORM,
  DINO_TRANSFORM,
  openPaperJudge,
  type PaperJudgeFiles,
  transformPicture,
} from './paper-judge.ts';
import type { RgbPicture } from './pictures.ts';
import { resizeBicubic } from './resize-bicubic.ts';

/** A picture of formulas, so that another program can make it, too. */
function drawWaves([width, height]: readonly [number, number]): RgbPicture {
  const rgb = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < 3; c++)
        rgb[(y * width + x) * 3 + c] = (x * (7 + c) + y * (13 - 2 * c) + ((x * y) >> c)) % 256;
  return { rgb, width, height };
}

const at = ({ rgb, width }: RgbPicture, [x, y]: readonly [number, number]): number[] => [
  ...rgb.subarray((y * width + x) * 3, (y * width + x) * 3 + 3),
];

const sumOf = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, value) => sum + value, 0);

// Pillow 12.3, Image.resize(size, BICUBIC).
test.each([
  { from: [40, 30], to: [17, 11], place: [8, 3], pixel: [184, 83, 34], sum: 70_592 },
  { from: [20, 24], to: [50, 61], place: [25, 20], pixel: [255, 197, 174], sum: 1_158_470 },
  { from: [64, 48], to: [64, 20], place: [5, 7], pixel: [94, 10, 232], sum: 487_071 },
] as const)('resizes $from to $to as Pillow does', ({ from, to, place, pixel, sum }) => {
  const resized = resizeBicubic(drawWaves(from), { width: to[0], height: to[1] });
  expect(at(resized, place)).toEqual(pixel);
  expect(sumOf(resized.rgb)).toBe(sum);
});

test.each([
  ['DINO', DINO_TRANSFORM, [0.0563555, 0.1860886, 0.4105026], [2.0091617, -0.6701681, -0.6541176]],
  ['CLIP', CLIP_TRANSFORM, [0.0714258, 0.1534187, 0.3343812], [-0.9455538, 1.8197518, 0.0697674]],
] as const)(
  '%s’s transform gives what torchvision’s steps give',
  (_, transform, means, corners) => {
    const pixels = transformPicture(drawWaves([101, 83]), transform);
    const plane = 224 * 224;
    for (let c = 0; c < 3; c++)
      expect(sumOf(pixels.subarray(c * plane, (c + 1) * plane)) / plane).toBeCloseTo(means[c]!, 4);
    expect(pixels[0]).toBeCloseTo(corners[0], 5);
    expect(pixels[plane + 100 * 224 + 37]).toBeCloseTo(corners[1], 5);
    expect(pixels.at(-1)).toBeCloseTo(corners[2], 5);
  },
);

const dir = mkdtempSync(path.join(tmpdir(), 'rendition-paper-judge-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** Writes an ONNX file. */
function writeModel(name: string, build: (graph: Graph) => void): string {
  const graph = new Graph();
  build(graph);
  const file = path.join(dir, name);
  writeFileSync(file, graph.encode());
  return file;
}

const SIDE = 224;

/** Models that compute means: what they give can be worked out by hand. */
function writeFiles(): PaperJudgeFiles {
  const picture = (graph: Graph, name: string, side = SIDE) =>
    graph.input(name, 'float32', [1, 3, side, side]);
  return {
    dino: writeModel('dino.onnx', (graph) => {
      const cls = reshape(reduceMean(picture(graph, 'pixel_values'), [2, 3]), [1, 1, 3]);
      const patch = graph.constant([9, 9, 9], [1, 1, 3]);
      graph.output('last_hidden_state', concat([cls, patch], 1));
    }),
    clipVision: writeModel('vision.onnx', (graph) => {
      const mean = reduceMean(picture(graph, 'pixel_values'), [2, 3]);
      graph.output('last_hidden_state', reshape(mean, [1, 1, 3]));
      graph.output('image_embeds', sub(mean, 1));
    }),
    clipText: writeModel('text.onnx', (graph) => {
      const ids = graph.input('input_ids', 'int64', [1, 77]);
      graph.output('text_embeds', slice(cast(ids, 'float32'), 1, 0, 3));
    }),
    clipTokenizer: path.resolve(import.meta.dirname, '../../models/pocket/tokenizer'),
    lpips: writeModel('lpips.onnx', (graph) => {
      const difference = abs(sub(picture(graph, 'in0', 16), picture(graph, 'in1', 16)));
      graph.output('distance', reduceMean(difference, [1, 2, 3], true));
    }),
  };
}

const flat = (red: number, green: number, blue: number): RgbPicture => ({
  rgb: Uint8Array.from({ length: 32 * 32 * 3 }, (_, i) => [red, green, blue][i % 3]!),
  width: 32,
  height: 32,
});
const unit = (vector: readonly number[]) => vector.map((x) => x / Math.hypot(...vector));

describe('with models from files', () => {
  const files = writeFiles();

  test('DINO gives the CLS token, CLIP the projected embeddings, LPIPS a distance of each two', async () => {
    const judge = await openPaperJudge(files);
    const pictures = [flat(255, 0, 0), flat(0, 0, 51), flat(255, 0, 51)];
    const [seen] = await judge.see(pictures);
    const normalized = ({ mean, std }: typeof DINO_TRANSFORM) =>
      [1, 0, 0].map((value, c) => (value - mean[c]!) / std[c]!);
    for (const [i, value] of unit(normalized(DINO_TRANSFORM)).entries())
      expect(seen!.identity[i]).toBeCloseTo(value, 4);
    for (const [i, value] of unit(normalized(CLIP_TRANSFORM).map((x) => x - 1)).entries())
      expect(seen!.image[i]).toBeCloseTo(value, 4);
    expect(seen!.reading).toBeUndefined();

    const distances = await judge.distances(pictures);
    // Of 2 in [−1, 1]: red differs by 2, blue by 0.4.
    for (const [i, value] of [(2 + 0.4) / 3, 0.4 / 3, 2 / 3].entries())
      expect(distances![i]).toBeCloseTo(value, 5);

    const { bosId, encode, eosId } = loadClipTokenizer(files.clipTokenizer);
    const [vector] = await judge.readTexts(['cat']);
    for (const [i, value] of unit([bosId, ...encode('cat'), eosId]).entries())
      expect(vector![i]).toBeCloseTo(value, 5);
    await judge.close();
  });

  test('without a file of LPIPS there is no distance', async () => {
    const { lpips, ...others } = files;
    expect(lpips).toBeDefined();
    const judge = await openPaperJudge(others);
    expect(await judge.distances([flat(1, 2, 3), flat(4, 5, 6)])).toBeUndefined();
    await judge.close();
  });

  test('a file that is missing is named', async () => {
    const missing = path.join(dir, 'nowhere.onnx');
    await expect(openPaperJudge({ ...files, dino: missing })).rejects.toThrow(
      `${missing}: expected an ONNX model`,
    );
  });
});
