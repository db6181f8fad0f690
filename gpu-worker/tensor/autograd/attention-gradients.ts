/** @file Gradients of attention in parts: each part's probabilities are computed again, and dropped. */
import type { TapeEntry, Value } from '../graph/graph.ts';
import {
  type AttentionPart,
  attentionProbabilities,
  headsOf,
  joinParts,
  queriesOf,
} from '../graph/ops/attention.ts';
import { add, mul, sub } from '../graph/ops/elementwise.ts';
import { matMul } from '../graph/ops/linalg.ts';
import { concat, transpose } from '../graph/ops/movement.ts';
import { reduceSum } from '../graph/ops/reduction.ts';
import { zeroAfter } from './zero-after.ts';

/**
 * With P = softmax(scale · Q·Kᵀ), O = P·V and G the gradient of O:
 *   dV = Pᵀ·G,  dS = P ∘ (G·Vᵀ − rowsum(G ∘ O)),  dQ = scale · dS·K,  dK = scale · dSᵀ·Q
 *
 * A part waits for the one before: else the runtime could hold the probabilities of all.
 *
 * @returns gradients of query, key and value
 * @see Dao et al. 2022, appendix B.2, https://arxiv.org/abs/2205.14135
 */
export function attentionGradients(
  { inputs, output, attributes }: TapeEntry,
  gradOutput: Value,
): Value[] {
  const [query, key, value] = inputs as [Value, Value, Value];
  const { scale, parts } = attributes as { scale: number; parts: readonly AttentionPart[] };
  const rowSums = reduceSum(mul(gradOutput, output), [-1], true);
  const swapped = (input: Value) => transpose(input, [0, 2, 1]);

  const gradQueries: Value[] = [];
  // By first head; queries of the same heads add up.
  const gradKeys = new Map<number, Value>();
  const gradValues = new Map<number, Value>();
  let previous: Value | undefined;
  for (const part of parts) {
    const few = queriesOf(query, part);
    const q = previous ? add(few, previous) : few;
    const [k, v] = [headsOf(key, part), headsOf(value, part)];
    const grad = queriesOf(gradOutput, part);
    const probabilities = attentionProbabilities(q, k, scale);
    const gradScores = mul(probabilities, sub(matMul(grad, swapped(v)), queriesOf(rowSums, part)));
    gradQueries.push(mul(matMul(gradScores, k), scale));
    const sumUp = (sums: Map<number, Value>, addend: Value) => {
      const [first] = part.heads;
      const sum = sums.get(first);
      sums.set(first, sum ? add(sum, addend) : addend);
      return sums.get(first)!;
    };
    const gradKey = sumUp(gradKeys, mul(matMul(swapped(gradScores), q), scale));
    const gradValue = sumUp(gradValues, matMul(swapped(probabilities), grad));
    previous = add(zeroAfter(gradKey), zeroAfter(gradValue));
  }
  const join = (grads: ReadonlyMap<number, Value>) => concat([...grads.values()], 0);
  return [joinParts(parts, gradQueries), join(gradKeys), join(gradValues)];
}
