/** @file How a layer asks for its tensors, whoever holds them. */
import type { Value } from '../graph/graph.ts';

/**
 * Gives the tensor called `name`.
 * @throws when it is missing or has another shape
 */
export type Weights = (name: string, shape: readonly number[]) => Value;

/** The weights of a submodule: `scoped(w, 'mid_block')('conv.weight', …)` asks for `mid_block.conv.weight`. */
export const scoped =
  (weights: Weights, prefix: string): Weights =>
  (name, shape) =>
    weights(`${prefix}.${name}`, shape);
