/** @file Finds out which tensors a model asks for, in the order in which it asks. */

import { Graph, type Value } from '../../tensor/graph/graph.ts';
import type { Weights } from '../../tensor/nn/weights.ts';
import type { Dtype } from '../../tensor/onnx/model.ts';

export interface ParameterShape {
  readonly name: string;
  readonly shape: readonly number[];
}

/**
 * Builds a model on a graph that is thrown away and notes its weights.
 * @param build adds the model; `input` declares inputs of any name
 */
export function listParameters(
  build: (weights: Weights, input: (dtype: Dtype, shape: readonly number[]) => Value) => void,
): ParameterShape[] {
  const graph = new Graph();
  const found = new Map<string, { shape: readonly number[]; value: Value }>();
  const weights: Weights = (name, shape) => {
    const known = found.get(name) ?? { shape, value: graph.input(name, 'float32', shape) };
    found.set(name, known);
    return known.value;
  };
  let inputs = 0;
  build(weights, (dtype, shape) => graph.input(`input${inputs++}`, dtype, shape));
  return [...found].map(([name, { shape }]) => ({ name, shape }));
}
