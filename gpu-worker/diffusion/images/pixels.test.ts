import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { imageToPixels, pixelsToPng } from './pixels.ts';

/** 8-bit levels of float pixels. */
const levels = (pixels: Float32Array) => [...pixels].map((value) => (value + 1) * 127.5);

function paint(width: number, height: number, colour: (x: number, y: number) => number[]) {
  const rgb = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) rgb.set(colour(x, y), (y * width + x) * 3);
  }
  return rgb;
}

describe('imageToPixels', () => {
  it('lays out channels as planes and maps 0..255 to -1..1', async () => {
    const rgb = Uint8Array.of(0, 51, 255, 255, 102, 0, 0, 153, 255, 255, 204, 0);
    const pixels = await imageToPixels(rgb, 2, 2, { height: 2, width: 2 });
    const expected = [-1, 1, -1, 1, -0.6, -0.2, 0.2, 0.6, 1, -1, 1, -1];
    expect([...pixels].map((value) => Number(value.toFixed(6)))).toEqual(expected);
  });

  // Pillow 12: resize to short side 4, BILINEAR, then the middle 4×4.
  const across = [
    [21, 43, 73, 111, 21, 43, 73, 111, 21, 43, 73, 111, 21, 43, 73, 111],
    [21, 21, 21, 21, 75, 75, 75, 75, 135, 135, 135, 135, 189, 189, 189, 189],
    [52, 72, 92, 112, 70, 90, 110, 130, 90, 110, 130, 150, 108, 128, 148, 168],
  ];

  it('scales a wide picture by its short side, smoothed, and keeps the middle', async () => {
    const rgb = paint(16, 8, (x, y) => [x * x, y * 30, (x + y) * 10]);
    const pixels = await imageToPixels(rgb, 16, 8, { height: 4, width: 4 });
    expectLevels(pixels, across.flat());
  });

  it('does the same with a tall picture', async () => {
    const rgb = paint(8, 16, (x, y) => [y * y, x * 30, (x + y) * 10]);
    const pixels = await imageToPixels(rgb, 8, 16, { height: 4, width: 4 });
    const transpose = (plane: number[]) => plane.map((_, i) => plane[(i % 4) * 4 + (i >> 2)]);
    expectLevels(pixels, across.flatMap(transpose) as number[]);
  });

  it('keeps the middle that has the shape of the frame', async () => {
    const rgb = paint(8, 2, (x, y) => [x, 10 + y, 0]);
    const pixels = await imageToPixels(rgb, 8, 2, { height: 2, width: 4 });
    const red = [2, 3, 4, 5];
    expectLevels(pixels, [...red, ...red, 10, 10, 10, 10, 11, 11, 11, 11, ...Array(8).fill(0)]);
  });

  it('enlarges a picture that is smaller than asked for', async () => {
    const pixels = await imageToPixels(
      paint(3, 2, () => [10, 20, 30]),
      3,
      2,
      { height: 8, width: 8 },
    );
    expectLevels(
      pixels,
      [10, 20, 30].flatMap((level) => new Array<number>(64).fill(level)),
    );
  });

  it('refuses bytes that do not fill the picture', async () => {
    await expect(imageToPixels(new Uint8Array(11), 2, 2, { height: 2, width: 2 })).rejects.toThrow(
      '11 bytes cannot fill 2×2 RGB pixels',
    );
  });

  function expectLevels(pixels: Float32Array, expected: number[]) {
    const actual = levels(pixels);
    expect(actual).toHaveLength(expected.length);
    // Pillow and libvips treat the border, where a filter reaches beyond the picture, differently.
    for (const [i, level] of expected.entries()) {
      expect(Math.abs((actual[i] as number) - level), `element ${i}`).toBeLessThan(2.1);
    }
  }
});

describe('pixelsToPng', () => {
  it('writes what a PNG reader reads, rounded, with values outside the range cut off', async () => {
    const pixels = Float32Array.of(-1, 1, -3, 3, 0, 0.5, -0.5, 0.003, 1, -1, Number.NaN, 0.2);
    const png = await pixelsToPng(pixels, 1, 4);
    const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
    expect(info).toMatchObject({ format: 'raw', width: 4, height: 1, channels: 3 });
    expect([...data]).toEqual([0, 128, 255, 255, 191, 0, 0, 64, 0, 255, 128, 153]);
  });

  it('gives back the picture that imageToPixels read', async () => {
    const rgb = paint(5, 5, (x, y) => [x * 51, y * 51, (x * y * 7) % 256]);
    const png = await pixelsToPng(await imageToPixels(rgb, 5, 5, { height: 5, width: 5 }), 5, 5);
    expect(new Uint8Array(await sharp(png).raw().toBuffer())).toEqual(rgb);
  });

  it('refuses values that do not fill the picture', async () => {
    await expect(pixelsToPng(new Float32Array(5), 1, 2)).rejects.toThrow(
      '5 elements cannot fill [3, 1, 2]',
    );
  });
});
