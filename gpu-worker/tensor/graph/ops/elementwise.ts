/** @file Elementwise ops: one function per op, NumPy broadcasting where two tensors meet. */
import type { Dtype } from '../../onnx/model.ts';
import type { DifferentiableOp } from '../differentiable-ops.ts';
import type { Value } from '../graph.ts';
import { broadcastShapes } from '../shape.ts';

/** A tensor or a number, which becomes a scalar constant. */
export type Operand = Value | number;

function binary(
  op: DifferentiableOp & ('Add' | 'Sub' | 'Mul' | 'Div'),
  a: Operand,
  b: Operand,
): Value {
  const { graph } = (typeof a === 'number' ? b : a) as Value;
  const left = typeof a === 'number' ? graph.constant(a) : a;
  const right = typeof b === 'number' ? graph.constant(b) : b;
  if (left.dtype !== right.dtype) {
    throw new TypeError(`${op}: ${left.dtype} and ${right.dtype} do not meet; cast one`);
  }
  const shape = broadcastShapes(left.shape, right.shape);
  const [output] = graph.emit(op, [left, right], [{ dtype: left.dtype, shape }]);
  return graph.record(op, [left, right], output!);
}

function unary(op: DifferentiableOp & string, input: Value): Value {
  const { dtype, shape } = input;
  const [output] = input.graph.emit(op, [input], [{ dtype, shape }]);
  return input.graph.record(op, [input], output!);
}

export const add = (a: Operand, b: Operand): Value => binary('Add', a, b);
export const sub = (a: Operand, b: Operand): Value => binary('Sub', a, b);
export const mul = (a: Operand, b: Operand): Value => binary('Mul', a, b);
export const div = (a: Operand, b: Operand): Value => binary('Div', a, b);
export const neg = (input: Value): Value => unary('Neg', input);
export const abs = (input: Value): Value => unary('Abs', input);
export const exp = (input: Value): Value => unary('Exp', input);
export const sqrt = (input: Value): Value => unary('Sqrt', input);
export const sigmoid = (input: Value): Value => unary('Sigmoid', input);

/** π in two parts: the first has so few bits that its product with a count of half turns is exact. */
const PI_PARTS = [3.140625, Math.PI - 3.140625] as const;
/** Taylor coefficients of sin r / r in r², highest first; within ±π/2 the next one is below 6e-8. */
const SINE = [11, 9, 7, 5, 3, 1].map((degree) => {
  let factorial = 1;
  for (let i = 2; i <= degree; i++) factorial *= i;
  return (degree % 4 === 1 ? 1 : -1) / factorial;
});

/**
 * sin(input + π · halfTurns), for |input| up to some thousands; with half a half turn it is the cosine.
 *
 * Sums and products only, for WebGPU promises its own Sin and Cos within ±π and to 5e-4, and SwiftShader
 * gives no more: input + π · halfTurns = kπ + r with |r| ≤ π/2, and its sine is (−1)ᵏ · sin r.
 *
 * Not differentiable here: used for timestep embeddings, whose input is a number of steps.
 *
 * @param halfTurns float32, broadcast with the input
 */
export function sine(input: Value, halfTurns: Value): Value {
  const k = emitPlain('Floor', add(add(mul(input, 1 / Math.PI), halfTurns), 0.5));
  const turns = sub(k, halfTurns);
  const [high, low] = PI_PARTS;
  const r = sub(sub(input, mul(turns, high)), mul(turns, low));
  const square = mul(r, r);
  const [first, ...rest] = SINE;
  const series = rest.reduce<Operand>((sum, term) => add(mul(square, sum), term), first!) as Value;
  const isOdd = sub(k, mul(emitPlain('Floor', mul(k, 0.5)), 2));
  return mul(mul(r, series), sub(1, mul(isOdd, 2)));
}

function emitPlain(opType: string, input: Value): Value {
  return input.graph.emit(opType, [input], [{ dtype: input.dtype, shape: input.shape }])[0]!;
}

/** Limits each element to `[min, max]`; no gradient flows where it was limited. */
export function clip(input: Value, min: number, max: number): Value {
  const { graph, dtype, shape } = input;
  const operands = [input, graph.constant(min), graph.constant(max)];
  const [output] = graph.emit('Clip', operands, [{ dtype, shape }]);
  return graph.record('Clip', [input], output!, { attributes: { min, max } });
}

/** Converts the element type. Differentiable between floating-point types. */
export function cast(input: Value, dtype: Dtype): Value {
  if (input.dtype === dtype) return input;
  const to = { float32: 1, float16: 10, bfloat16: 16, int64: 7, int32: 6, bool: 9 }[
    dtype as string
  ];
  if (to === undefined) throw new TypeError(`cast: to ${dtype} is not supported`);
  const [output] = input.graph.emit('Cast', [input], [{ dtype, shape: input.shape }], { to });
  return input.graph.record('Cast', [input], output!);
}

/** x · σ(x). */
export function silu(input: Value): Value {
  return gated('Silu', input, input);
}

/** x · σ(1.702 x), the activation of OpenAI's CLIP. */
export function quickGelu(input: Value): Value {
  const [scaled] = input.graph.emit(
    'Mul',
    [input, input.graph.constant(QUICK_GELU_ALPHA)],
    [{ dtype: input.dtype, shape: input.shape }],
  );
  return gated('QuickGelu', input, scaled!);
}
export const QUICK_GELU_ALPHA = 1.702;

function gated(op: 'Silu' | 'QuickGelu', input: Value, gateInput: Value): Value {
  const { graph, dtype, shape } = input;
  const [gate] = graph.emit('Sigmoid', [gateInput], [{ dtype, shape }]);
  const [output] = graph.emit('Mul', [input, gate!], [{ dtype, shape }]);
  return graph.record(op, [input], output!, { saved: [gate!] });
}

/** x · Φ(x) with the exact normal distribution function (erf). */
export function gelu(input: Value): Value {
  const { graph, dtype, shape } = input;
  const emit = (opType: string, inputs: Value[]) =>
    graph.emit(opType, inputs, [{ dtype, shape }])[0]!;
  const erf = emit('Erf', [emit('Mul', [input, graph.constant(Math.SQRT1_2)])]);
  const half = emit('Mul', [erf, graph.constant(0.5)]);
  const cdf = emit('Add', [half, graph.constant(0.5)]);
  const output = emit('Mul', [input, cdf]);
  return graph.record('Gelu', [input], output, { saved: [cdf] });
}

/** 1 where `a` equals / is at least / is at most `b`, as float32. Not differentiable. */
export function compare(
  opType: 'Equal' | 'GreaterOrEqual' | 'LessOrEqual',
  a: Value,
  b: Value,
): Value {
  const shape = broadcastShapes(a.shape, b.shape);
  const [mask] = a.graph.emit(opType, [a, b], [{ dtype: 'bool', shape }]);
  return a.graph.emit('Cast', [mask!], [{ dtype: 'float32', shape }], { to: 1 })[0]!;
}
