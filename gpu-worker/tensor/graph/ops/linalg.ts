/** @file Matrix products. */
import type { Value } from '../graph.ts';
import { broadcastShapes } from '../shape.ts';

/**
 * Batched matrix product.
 * @param a `[…, m, k]`
 * @param b `[…, k, n]`; leading axes broadcast
 */
export function matMul(a: Value, b: Value): Value {
  const [m, kA] = a.shape.slice(-2) as [number, number];
  const [kB, n] = b.shape.slice(-2) as [number, number];
  if (kA !== kB) throw new RangeError(`matMul: [${a.shape}] and [${b.shape}] do not fit`);
  const shape = [...broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2)), m, n];
  const [output] = a.graph.emit('MatMul', [a, b], [{ dtype: a.dtype, shape }]);
  return a.graph.record('MatMul', [a, b], output!);
}

/**
 * General matrix product of 2-D tensors, `op(a) · op(b) (+ bias)`. No operand is transposed in
 * memory: the transposition is a flag of the kernel.
 * @param bias `[n]`, added to each row
 */
export function gemm(
  a: Value,
  b: Value,
  options: { transA?: boolean; transB?: boolean; bias?: Value | undefined } = {},
): Value {
  const { transA = false, transB = false, bias } = options;
  const [m, kA] = transA ? [a.shape[1]!, a.shape[0]!] : [a.shape[0]!, a.shape[1]!];
  const [kB, n] = transB ? [b.shape[1]!, b.shape[0]!] : [b.shape[0]!, b.shape[1]!];
  if (a.shape.length !== 2 || b.shape.length !== 2 || kA !== kB) {
    throw new RangeError(
      `gemm: [${a.shape}]${transA ? 'ᵀ' : ''} and [${b.shape}]${transB ? 'ᵀ' : ''} do not fit`,
    );
  }
  const inputs = bias ? [a, b, bias] : [a, b];
  const [output] = a.graph.emit('Gemm', inputs, [{ dtype: a.dtype, shape: [m, n] }], {
    transA: transA ? 1 : 0,
    transB: transB ? 1 : 0,
  });
  return a.graph.record('Gemm', inputs, output!, { attributes: { transA, transB } });
}
