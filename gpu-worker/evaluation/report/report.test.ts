/** @file Plots and sheets: what stands where. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, expect, test } from 'vitest';
import { escapeMarkup } from './markup.ts';
import { curvePlot, intervalPlot, rangeOf } from './plots.ts';
import { TILE, writeSheet } from './sheet.ts';

const dir = mkdtempSync(path.join(tmpdir(), 'rendition-report-'));
afterAll(() => rmSync(dir, { recursive: true }));

const between = (low: number, mean: number, high: number) => ({ low, mean, high, count: 5 });

test('ranges end at round numbers and hold every value', () => {
  expect(rangeOf([0.31, 0.62])).toEqual([expect.closeTo(0.3, 9), expect.closeTo(0.7, 9)]);
  expect(rangeOf([0.5, 0.5])[0]).toBeLessThanOrEqual(0.5);
  expect(rangeOf([0.5, 0.5])[1]).toBeGreaterThan(0.5);
});

test('an interval plot draws larger means further to the right', () => {
  const svg = intervalPlot('identity', [
    { name: 'a & b', estimate: between(0.2, 0.3, 0.4) },
    { name: 'c', estimate: between(0.6, 0.7, 0.8) },
  ]);
  const [first, second] = [...svg.matchAll(/<circle cx="([\d.]+)"/g)].map(([, x]) => Number(x));
  expect(second).toBeGreaterThan(first!);
  expect(svg).toContain('a &amp; b');
  expect(svg).not.toMatch(/NaN|undefined/);
});

test('a curve’s points lie on one line from left to right', () => {
  const svg = curvePlot('by photos', 'photos', [
    {
      name: 'identity',
      points: [
        { at: 5, estimate: between(0.7, 0.8, 0.9) },
        { at: 1, estimate: between(0.1, 0.2, 0.3) },
      ],
    },
  ]);
  const [, points] = /polyline points="([^"]+)"/.exec(svg)!;
  const [[x1, y1], [x2, y2]] = points!.split(' ').map((pair) => pair.split(',').map(Number)) as [
    [number, number],
    [number, number],
  ];
  expect(x2).toBeGreaterThan(x1);
  expect(y2).toBeLessThan(y1);
});

test('markup is escaped', () => {
  expect(escapeMarkup(`<a b="c">'&`)).toBe('&lt;a b=&quot;c&quot;&gt;&#39;&amp;');
});

test('a sheet holds each picture at its tile', async () => {
  const colours = ['#ff0000', '#00ff00', '#0000ff'];
  const files = await Promise.all(
    colours.map(async (background, i) => {
      const file = path.join(dir, `${i}.png`);
      await sharp({ create: { width: 20, height: 20, channels: 3, background } }).toFile(file);
      return file;
    }),
  );
  const target = path.join(dir, 'sheet.webp');
  const sheet = await writeSheet(target, 'sheet.webp', files, 2);
  expect(sheet).toMatchObject({ width: 2 * TILE, height: 2 * TILE });
  const { data, info } = await sharp(target).raw().toBuffer({ resolveWithObject: true });
  for (const [i, { left, top }] of sheet.tiles.entries()) {
    const middle = ((top + TILE / 2) * info.width + left + TILE / 2) * info.channels;
    const brightest = [...data.subarray(middle, middle + 3)];
    expect(brightest.indexOf(Math.max(...brightest))).toBe(i);
  }
});

test('a sheet with more pictures than fit below each other is wider', async () => {
  const file = path.join(dir, 'one.png');
  await sharp({ create: { width: 8, height: 8, channels: 3, background: '#123456' } })
    .png()
    .toFile(file);
  const target = path.join(dir, 'wide.webp');
  const { width, height, tiles } = await writeSheet(target, 'wide.webp', Array(260).fill(file), 2);
  expect([width, height]).toEqual([3 * TILE, 87 * TILE]);
  expect(tiles.at(-1)).toMatchObject({ left: TILE, top: 86 * TILE });
  expect(await sharp(target).metadata()).toMatchObject({ width, height });
});
