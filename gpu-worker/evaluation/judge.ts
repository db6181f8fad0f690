/** @file What the protocol asks of a judge, whoever it is: pocket's own encoders, or the paper's. */
import type { Reading } from '../pocket/judges/attributes.ts';
import type { RgbPicture } from './pictures.ts';

/** What a picture looks like to a judge. Vectors have length 1. */
export interface Seen {
  /** DINO's part: near for pictures of one individual. */
  readonly identity: Float32Array;
  /** CLIP's part: near for a picture and a text that is true of it. */
  readonly image: Float32Array;
  /** What attribute readers read, where the judge has them. */
  readonly reading?: Reading;
}

export interface Judge {
  readonly name: JudgeName;
  see(pictures: readonly RgbPicture[]): Promise<Seen[]>;
  /** @returns for each text a vector of length 1, to be compared with `image` */
  readTexts(texts: readonly string[]): Promise<Float32Array[]>;
  /**
   * Perceptual distance of every two pictures.
   * @returns for pictures 0 and 1, 0 and 2 …, 1 and 2 …; undefined where the judge has none
   */
  distances(pictures: readonly RgbPicture[]): Promise<number[] | undefined>;
  close(): Promise<void>;
}

export const JUDGE_NAMES = ['pocket', 'paper'] as const;
export type JudgeName = (typeof JUDGE_NAMES)[number];

/** Cosine of two vectors of length 1. */
export function cosine(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** @returns every two of a list, in order */
export function pairsOf<T>(list: readonly T[]): [T, T][] {
  return list.flatMap((first, i) => list.slice(i + 1).map((second): [T, T] => [first, second]));
}
