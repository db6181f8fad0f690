/** @file Findings from figures that were made up for them. */
import { expect, test } from 'vitest';
import type { PhotoFigures } from '#db/jobs/photo-figures.ts';
import { findPhotoProblems, listReplaceable } from './photo-findings.ts';

const good = (seed: number): PhotoFigures => ({
  shortSide: 800,
  sharpness: 300,
  hash: (0x1111111111111111n * BigInt(seed * 3 + 1)).toString(16).padStart(16, '0').slice(-16),
  border: Array(84).fill(seed * 40),
});
const set = (...changes: Partial<PhotoFigures>[]) =>
  changes.map((change, index) => ({ ...good(index), ...change }));

test('good photos leave nothing to say', () => {
  expect(findPhotoProblems(set({}, {}, {}, {}))).toEqual([]);
});

test('small and blurred photos are named', () => {
  const findings = findPhotoProblems(
    set({}, { shortSide: 255 }, { sharpness: 3 }, { shortSide: 256 }),
  );
  expect(findings).toEqual([
    { kind: 'small', photo: 1, shortSide: 255 },
    { kind: 'blurred', photo: 2 },
  ]);
  expect(listReplaceable(findings)).toEqual([1, 2]);
});

test('photos that differ by a few bits are alike; the first of them stays', () => {
  const hash = 'f0f0f0f0f0f0f0f0';
  const findings = findPhotoProblems(
    set({ hash }, {}, { hash: 'f0f0f0f0f0f0f0ff' }, { hash: 'f0f0f0f0f0f00fff' }, { hash }),
  );
  expect(findings).toEqual([{ kind: 'alike', photos: [0, 2, 4] }]);
  expect(listReplaceable(findings)).toEqual([2, 4]);
});

test('the same background throughout is found, and one other place is enough', () => {
  const border = Array(84).fill(100);
  const near = Array(84).fill(110);
  expect(findPhotoProblems(set({ border }, { border: near }, { border }))).toEqual([
    { kind: 'same-background' },
  ]);
  expect(findPhotoProblems(set({ border }, { border: near }, {}))).toEqual([]);
  expect(findPhotoProblems(set({ border }, { border }))).toEqual([]);
  expect(listReplaceable([{ kind: 'same-background' }])).toEqual([]);
});
