/** @file First values of a model that is trained from nothing. */
import { Philox } from '../../tensor/random/philox.ts';

/**
 * Uniform in ±1/√fan-in for matrices and kernels (torch's default), normal(0, 0.02) for embeddings,
 * ones for norm weights, zeros for biases and for the tensors in `zero`, which end residual
 * branches: each block then begins as the identity.
 *
 * @param index position of the tensor in its model: names its stream of random numbers
 */
export function initialWeights(
  { name, shape }: { name: string; shape: readonly number[] },
  seed: number,
  index: number,
  zero: RegExp = /^$/,
): Float32Array {
  const size = shape.reduce((product, length) => product * length, 1);
  if (shape.length === 1) return new Float32Array(size).fill(name.endsWith('weight') ? 1 : 0);
  if (zero.test(name)) return new Float32Array(size);
  const random = new Philox(seed, index);
  if (/embedding\.weight$/.test(name)) return random.normals(size).map((x) => 0.02 * x);
  const limit = 1 / Math.sqrt(size / shape[0]!);
  return Float32Array.from({ length: size }, () => (2 * random.uniform() - 1) * limit);
}
