/** @file Weights used in place from a checkpoint's safetensors file: the runtime maps them. */

import type { Graph, Value } from '../../tensor/graph/graph.ts';
import { cast } from '../../tensor/graph/ops/elementwise.ts';
import type { Weights } from '../../tensor/nn/weights.ts';
import type { Dtype } from '../../tensor/onnx/model.ts';
import type { TensorEntry } from '../weights/safetensors.ts';

const DTYPES: Partial<Record<TensorEntry['dtype'], Dtype>> = {
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
};

/**
 * @param tensors a model's tensors by name
 * @param prefix stands before the names in the graph, where one graph holds several models
 * @returns weights as float32 values; half precision is cast within the graph
 * @throws {Error} when a tensor is missing, or has another shape or type than the model expects
 */
export function frozenWeights(
  graph: Graph,
  tensors: ReadonlyMap<string, TensorEntry>,
  prefix = '',
): Weights {
  const values = new Map<string, Value>();
  return (name, shape) => {
    const known = values.get(name);
    if (known) return known;
    const entry = checkedTensor(tensors, name, shape, prefix);
    const { file, offset, byteLength } = entry;
    const stored = graph.initializer(`${prefix}${name}`, DTYPES[entry.dtype]!, shape, {
      kind: 'external',
      file,
      offset,
      byteLength,
    });
    const value = cast(stored, 'float32');
    values.set(name, value);
    return value;
  };
}

/**
 * Looks up a tensor that a model expects.
 * @param prefix stands before the name in messages
 * @throws {Error} when it is missing, or has another shape or a type that models are not stored in
 */
export function checkedTensor(
  tensors: ReadonlyMap<string, TensorEntry>,
  name: string,
  shape: readonly number[],
  prefix = '',
): TensorEntry {
  const entry = tensors.get(name);
  if (!entry) throw new Error(`the checkpoint has no tensor ${prefix}${name}, expected [${shape}]`);
  // Old autoencoders store the attention's linear layers as 1×1 convolutions.
  const squeezed =
    entry.shape.length === 4 && shape.length === 2 ? entry.shape.slice(0, 2) : entry.shape;
  if (squeezed.join() !== shape.join()) {
    throw new Error(
      `${entry.file}: tensor ${prefix}${name} has shape [${entry.shape}], the model expects [${shape}]`,
    );
  }
  if (!DTYPES[entry.dtype]) {
    throw new Error(
      `${entry.file}: tensor ${prefix}${name} is ${entry.dtype}, expected ${Object.keys(DTYPES).join(', ')}`,
    );
  }
  return entry;
}
