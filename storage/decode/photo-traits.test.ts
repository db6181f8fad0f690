/** @file Figures of drawn photos: what must differ does, and what is the same stays near. */
import sharp, { type Sharp } from 'sharp';
import { describe, expect, test } from 'vitest';
import { measurePhoto } from './photo-traits.ts';

const svg = (body: string, background: string, side = 320): Sharp =>
  sharp(
    Buffer.from(
      `<svg xmlns="http://www.w3.org/2000/svg" width="${side}" height="${side}" viewBox="0 0 320 320">
        <rect width="320" height="320" fill="${background}"/>${body}</svg>`,
    ),
  ).removeAlpha();
const CAT =
  '<circle cx="150" cy="170" r="70" fill="#40302a"/><rect x="90" y="70" width="40" height="70" fill="#c05020"/>';
const MUG =
  '<rect x="60" y="60" width="120" height="200" fill="#205080"/><circle cx="230" cy="110" r="40" fill="#e0e0e0"/>';
const measure = async (picture: Sharp) => measurePhoto(await picture.png().toBuffer(), 320);
const bitsBetween = (a: string, b: string): number =>
  [...(BigInt(`0x${a}`) ^ BigInt(`0x${b}`)).toString(2)].filter((bit) => bit === '1').length;
const meanDifference = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, i) => sum + Math.abs(value - b[i]!), 0) / a.length;

describe('a photo', () => {
  test('that is blurred has a fraction of the sharpness', async () => {
    const sharpOne = await measure(svg(CAT, '#f0f0f0'));
    const blurred = await measure(svg(CAT, '#f0f0f0').blur(8));
    expect(sharpOne.sharpness).toBeGreaterThan(100);
    expect(blurred.sharpness).toBeLessThan(sharpOne.sharpness / 20);
    expect((await measure(svg('', '#808080'))).sharpness).toBe(0);
  });

  test('is as sharp at another size', async () => {
    const [small, large] = [await measure(svg(CAT, '#fff')), await measure(svg(CAT, '#fff', 960))];
    expect(large.sharpness / small.sharpness).toBeGreaterThan(0.5);
    expect(large.sharpness / small.sharpness).toBeLessThan(2);
  });

  test('has nearly the hash of its smaller, darker or recompressed copy, and not that of another', async () => {
    const one = await measure(svg(CAT, '#f0f0f0'));
    const copies = [
      svg(CAT, '#f0f0f0').resize(200),
      svg(CAT, '#f0f0f0').linear(0.8, 0),
      sharp(await svg(CAT, '#f0f0f0').jpeg({ quality: 40 }).toBuffer()),
    ];
    for (const copy of copies)
      expect(bitsBetween((await measure(copy)).hash, one.hash)).toBeLessThanOrEqual(5);
    const other = await measure(svg(MUG, '#f0f0f0'));
    expect(bitsBetween(other.hash, one.hash)).toBeGreaterThan(10);
    expect(one.hash).toMatch(/^[0-9a-f]{16}$/);
  });

  test('has its background in its border, whatever stands in the middle', async () => {
    const [cat, mug] = [await measure(svg(CAT, '#30a040')), await measure(svg(MUG, '#30a040'))];
    const elsewhere = await measure(svg(CAT, '#a04030'));
    expect(cat.border).toHaveLength(28 * 3);
    expect(meanDifference(cat.border, mug.border)).toBeLessThan(6);
    expect(meanDifference(cat.border, elsewhere.border)).toBeGreaterThan(40);
  });
});
