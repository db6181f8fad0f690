import { expect, test } from 'vitest';
import { Philox } from './philox.ts';

test('the first block of key 0, counter 0 is the published one', () => {
  const random = new Philox(0);
  const words = Array.from({ length: 4 }, () => random.uint32().toString(16).padStart(8, '0'));
  expect(words).toEqual(['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8']);
});

test('normals have mean 0 and variance 1, and streams differ', () => {
  const draws = new Philox(7, 1, 2, 3).normals(100_000);
  const mean = draws.reduce((sum, x) => sum + x, 0) / draws.length;
  const variance = draws.reduce((sum, x) => sum + x * x, 0) / draws.length;
  expect(Math.abs(mean)).toBeLessThan(0.02);
  expect(Math.abs(variance - 1)).toBeLessThan(0.02);
  expect(new Philox(7, 1, 2, 4).normals(1)[0]).not.toBe(draws[0]);
  expect(new Philox(7, 1, 2, 3).normals(10)).toEqual(draws.slice(0, 10));
});
