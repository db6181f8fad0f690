/** @file Means with intervals over subjects, and the paired test that compares two variants. */
import { Philox } from '../tensor/random/philox.ts';

/** A mean over subjects and what it may be elsewhere. */
export interface Estimate {
  readonly mean: number;
  /** Bounds of the 95 % interval. */
  readonly low: number;
  readonly high: number;
  /** Subjects. */
  readonly count: number;
}

const RESAMPLES = 10_000;
const COVERED = 0.95;

export const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * Linear interpolation between the two nearest order statistics.
 * @param share in [0, 1]
 * @throws {RangeError} when there are no values
 * @see Hyndman & Fan 1996, definition 7
 */
export function quantileOf(values: readonly number[], share: number): number {
  if (values.length === 0) throw new RangeError('quantileOf: there are no values');
  const sorted = [...values].sort((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (place - below) * (sorted[above]! - sorted[below]!);
}

/**
 * Mean and percentile bootstrap interval.
 * @param values one a subject
 * @param seed of the resampling: the same values give the same interval
 * @see Efron & Tibshirani 1993, section 13.3
 */
export function estimate(values: readonly number[], seed = 0): Estimate {
  const random = new Philox(seed, values.length);
  const means = Array.from({ length: RESAMPLES }, () => {
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += values[random.integer(values.length)]!;
    return sum / values.length;
  });
  return {
    mean: meanOf(values),
    low: quantileOf(means, (1 - COVERED) / 2),
    high: quantileOf(means, (1 + COVERED) / 2),
    count: values.length,
  };
}

export interface SignedRankTest {
  /** Sum of the ranks of the positive differences. */
  readonly statistic: number;
  /** Chance of a sum at least this large when the sign of each difference is a coin's. */
  readonly pGreater: number;
  readonly pTwoSided: number;
  /** Differences that are not zero. */
  readonly count: number;
}

/**
 * Wilcoxon signed-rank test, exact also where differences tie; zero differences are left out.
 * @param differences one a subject, first variant minus second
 * @see Wilcoxon 1945, https://doi.org/10.2307/3001968
 */
export function signedRankTest(differences: readonly number[]): SignedRankTest {
  const kept = differences.filter((difference) => difference !== 0);
  const ranks = doubledRanks(kept.map(Math.abs));
  const doubled = ranks.reduce((sum, rank, i) => sum + (kept[i]! > 0 ? rank : 0), 0);
  // ways[s]: in how many of the 2ⁿ sign patterns the doubled ranks of the positive ones add up to s
  const total = ranks.reduce((sum, rank) => sum + rank, 0);
  const ways = new Float64Array(total + 1);
  ways[0] = 1;
  for (const rank of ranks) {
    for (let s = total; s >= rank; s--) ways[s]! += ways[s - rank]!;
  }
  const patterns = 2 ** kept.length;
  const share = (from: number, to: number) =>
    ways.subarray(from, to).reduce((sum, way) => sum + way, 0) / patterns;
  const pGreater = share(doubled, total + 1);
  const pLess = share(0, doubled + 1);
  return {
    statistic: doubled / 2,
    pGreater,
    pTwoSided: Math.min(1, 2 * Math.min(pGreater, pLess)),
    count: kept.length,
  };
}

/** Ranks from 1, ties sharing their mean rank; doubled, so that they are whole numbers. */
function doubledRanks(values: readonly number[]): number[] {
  return values.map((value) => {
    const below = values.filter((other) => other < value).length;
    const equal = values.filter((other) => other === value).length;
    return 2 * below + equal + 1;
  });
}

/** A share of pictures, and what it may be elsewhere. */
export interface Proportion {
  readonly share: number;
  /** Bounds of the 95 % interval. */
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

/** The normal distribution's 97.5 % point. */
const Z = 1.959963984540054;

/**
 * Share with Wilson's score interval.
 * @see Wilson 1927, https://doi.org/10.2307/2276774
 */
export function proportion(right: number, count: number): Proportion {
  const share = right / count;
  const centre = (share + Z ** 2 / (2 * count)) / (1 + Z ** 2 / count);
  const half =
    (Z / (1 + Z ** 2 / count)) *
    Math.sqrt((share * (1 - share)) / count + Z ** 2 / (4 * count ** 2));
  return { share, low: centre - half, high: centre + half, count };
}
