import { expect, test } from 'vitest';
import { findStyle } from './styles.ts';

test.each([
  ['a watercolor painting of [V]', 'watercolour'],
  ['a painting of a [V] dog in the style of Van Gogh', 'painting'],
  ['[V] as a marble statue', 'sculpture'],
  ['Pencil sketch of [Rex]', 'drawing'],
  ['[V] in pixel art', 'pixel-art'],
  ['a photo of [V] on the beach', 'photo'],
  ['a stained glass window with a [V] dog', 'mosaic'],
  ['a [V] dog made of blocks', '3d'],
  ['a [V] dog on the beach', null],
  ['a [Marble] dog on the beach', null],
  ['a [V] dog boiling an egg', null],
  ['', null],
])('%s is %s', (prompt, style) => {
  expect(findStyle(prompt)).toBe(style);
});
