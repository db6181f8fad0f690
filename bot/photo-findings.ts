/** @file What may be wrong with a set of photos, from their figures, before anything is learned from them. */
import type { PhotoFigures } from '#db/jobs/photo-figures.ts';

/** Something that makes a subject harder to learn. Photos are named by their index. */
export type PhotoFinding =
  | { readonly kind: 'small'; readonly photo: number; readonly shortSide: number }
  | { readonly kind: 'blurred'; readonly photo: number }
  /** Two or more of which one is enough. */
  | { readonly kind: 'alike'; readonly photos: readonly number[] }
  /** Nothing tells the subject from what is behind it. */
  | { readonly kind: 'same-background' };

/** Half of what the smallest large base draws. */
const LEAST_SIDE = 256;
/** In focus, even a plain subject before a plain wall is above. */
const LEAST_SHARPNESS = 12;
/** Of 64 bits: a copy that was cut a little or compressed again. */
const MOST_BITS_ALIKE = 5;
/** Mean difference of colours along the borders, of 255: the same wall in a little other light. */
const MOST_BORDER_DIFFERENCE = 12;
const LEAST_PHOTOS_FOR_BACKGROUND = 3;

/** @returns what was found, photo by photo, and then what concerns several */
export function findPhotoProblems(photos: readonly PhotoFigures[]): PhotoFinding[] {
  const findings: PhotoFinding[] = [];
  for (const [photo, { shortSide, sharpness }] of photos.entries()) {
    if (shortSide < LEAST_SIDE) findings.push({ kind: 'small', photo, shortSide });
    if (sharpness < LEAST_SHARPNESS) findings.push({ kind: 'blurred', photo });
  }
  for (const group of groupAlike(photos)) findings.push({ kind: 'alike', photos: group });
  if (haveSameBackground(photos)) findings.push({ kind: 'same-background' });
  return findings;
}

/** @returns photos that had better be replaced: of those that are alike, all but the first */
export function listReplaceable(findings: readonly PhotoFinding[]): number[] {
  const named = findings.flatMap((finding) => {
    if (finding.kind === 'alike') return finding.photos.slice(1);
    return finding.kind === 'same-background' ? [] : [finding.photo];
  });
  return [...new Set(named)].sort((a, b) => a - b);
}

/** Groups of two and more; a photo is in a group with the first one that it is like. */
function groupAlike(photos: readonly PhotoFigures[]): number[][] {
  const groups: number[][] = [];
  for (const [index, { hash }] of photos.entries()) {
    const group = groups.find(
      ([first]) => bitsBetween(photos[first!]!.hash, hash) <= MOST_BITS_ALIKE,
    );
    if (group) group.push(index);
    else groups.push([index]);
  }
  return groups.filter(({ length }) => length > 1);
}

function bitsBetween(a: string, b: string): number {
  let difference = BigInt(`0x${a}`) ^ BigInt(`0x${b}`);
  let bits = 0;
  for (; difference > 0n; difference >>= 1n) bits += Number(difference & 1n);
  return bits;
}

function haveSameBackground(photos: readonly PhotoFigures[]): boolean {
  const [first, ...others] = photos;
  return (
    first !== undefined &&
    photos.length >= LEAST_PHOTOS_FOR_BACKGROUND &&
    others.every(({ border }) => meanDifference(border, first.border) <= MOST_BORDER_DIFFERENCE)
  );
}

const meanDifference = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, i) => sum + Math.abs(value - (b[i] ?? 0)), 0) / Math.max(1, a.length);
