/** @file Scaled dot-product attention in parts, so that the matrix of scores is never whole in memory. */
import type { Value } from '../graph.ts';
import { mul } from './elementwise.ts';
import { matMul } from './linalg.ts';
import { concat, slice, transpose } from './movement.ts';
import { softmax } from './normalization.ts';

/** Scores at once, 64 MB of them; up to here attention is written as the products and softmax that it is. */
export const MAX_SCORES = 2 ** 24;

/** Some heads, and some of their queries: `[start, end)` each. */
export interface AttentionPart {
  readonly heads: readonly [number, number];
  readonly queries: readonly [number, number];
}

/**
 * softmax(scale · Q·Kᵀ)·V
 *
 * @param query `[heads, queries, d]`
 * @param key `[heads, keys, d]`
 * @param value `[heads, keys, d]`
 * @param maxScores scores of a part; the parts follow one another
 * @returns `[heads, queries, d]`
 * @see Vaswani et al. 2017, eq. 1
 */
export function scaledDotProductAttention(
  query: Value,
  key: Value,
  value: Value,
  scale: number,
  maxScores = MAX_SCORES,
): Value {
  const { graph } = query;
  const parts = partsOf(query.shape, key.shape[1]!, maxScores);
  const output = graph.untaped(() =>
    joinParts(
      parts,
      parts.map((part) => {
        const probabilities = attentionProbabilities(
          queriesOf(query, part),
          headsOf(key, part),
          scale,
        );
        return matMul(probabilities, headsOf(value, part));
      }),
    ),
  );
  return graph.record('ScaledDotProductAttention', [query, key, value], output, {
    attributes: { scale, parts },
  });
}

/** Whole heads where they fit, else one head's queries by and by. */
function partsOf(
  [heads, queries]: readonly number[],
  keys: number,
  maxScores: number,
): AttentionPart[] {
  const headsAtOnce = Math.max(1, Math.floor(maxScores / (queries! * keys)));
  const queriesAtOnce = Math.min(queries!, Math.max(1, Math.floor(maxScores / keys)));
  return ranges(heads!, headsAtOnce).flatMap((some) =>
    ranges(queries!, queriesAtOnce).map((few) => ({ heads: some, queries: few })),
  );
}

function ranges(length: number, atOnce: number): [number, number][] {
  return Array.from({ length: Math.ceil(length / atOnce) }, (_, i) => [
    i * atOnce,
    Math.min(length, (i + 1) * atOnce),
  ]);
}

/** softmax(scale · Q·Kᵀ): `[heads, queries, keys]` */
export function attentionProbabilities(query: Value, key: Value, scale: number): Value {
  return softmax(matMul(mul(query, scale), transpose(key, [0, 2, 1])));
}

/** A part's heads of keys or values. */
export const headsOf = (input: Value, { heads }: AttentionPart): Value => slice(input, 0, ...heads);

/** A part's heads and queries. */
export const queriesOf = (input: Value, part: AttentionPart): Value =>
  slice(headsOf(input, part), 1, ...part.queries);

/** Puts `[heads, queries, d]` together again. */
export function joinParts(parts: readonly AttentionPart[], values: readonly Value[]): Value {
  const byHeads = new Map<number, Value[]>();
  for (const [i, { heads }] of parts.entries()) {
    byHeads.set(heads[0], [...(byHeads.get(heads[0]) ?? []), values[i]!]);
  }
  return concat(
    [...byHeads.values()].map((queries) => concat(queries, 1)),
    0,
  );
}
