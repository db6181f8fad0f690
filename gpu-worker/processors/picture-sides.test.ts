import { describe, expect, test } from 'vitest';
import { aspects } from '#db/jobs/render-prompt.ts';
import { sidesOf } from './picture-sides.ts';

describe('the sides of a picture', () => {
  test.each([
    ['1:1', { size: 512, sideStep: 64 }, { width: 512, height: 512 }],
    ['3:2', { size: 512, sideStep: 64 }, { width: 640, height: 448 }],
    ['2:3', { size: 512, sideStep: 64 }, { width: 448, height: 640 }],
    ['16:9', { size: 1024, sideStep: 32 }, { width: 1376, height: 768 }],
    ['9:16', { size: 1024, sideStep: 32 }, { width: 768, height: 1376 }],
    ['4:3', { size: 64, sideStep: 8 }, { width: 72, height: 56 }],
    ['3:2', { size: 128, sideStep: 32 }, { width: 160, height: 96 }],
  ] as const)('of %s on a base of %o are %o', (aspect, base, sides) => {
    expect(sidesOf(aspect, base)).toEqual(sides);
  });

  test('keep about as many pixels as the base was made for', () => {
    for (const aspect of aspects) {
      const { width, height } = sidesOf(aspect, { size: 512, sideStep: 64 });
      expect(Math.abs((width * height) / 512 ** 2 - 1)).toBeLessThan(0.15);
    }
  });
});
