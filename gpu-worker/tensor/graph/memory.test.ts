import { expect, test } from 'vitest';
import { Graph } from './graph.ts';
import { add, cast, mul, silu } from './ops/elementwise.ts';
import { reshape } from './ops/movement.ts';

const FLOAT32_BYTES = 4;

test('a chain holds two results at a time, whatever its length', () => {
  const graph = new Graph();
  let value = graph.input('x', 'float32', [100]);
  for (let i = 0; i < 10; i++) value = mul(value, value);
  graph.output('y', value);
  expect(graph.residentBytes()).toBe(2 * 100 * FLOAT32_BYTES);
});

test('a result that is needed later stays, and a reshape takes nothing', () => {
  const graph = new Graph();
  const x = graph.input('x', 'float32', [100]);
  const kept = mul(x, x);
  const other = reshape(mul(reshape(kept, [10, 10]), reshape(kept, [10, 10])), [100]);
  graph.output('y', add(mul(other, other), kept));
  // kept, other and its square
  const shapes = 3 * FLOAT32_BYTES;
  expect(graph.residentBytes()).toBeGreaterThanOrEqual(3 * 100 * FLOAT32_BYTES);
  expect(graph.residentBytes()).toBeLessThanOrEqual(3 * 100 * FLOAT32_BYTES + shapes);
});

test('constants count in float32, and what is made of them alone does not count again', () => {
  const graph = new Graph();
  const x = graph.input('x', 'float32', [50]);
  const bytes = new Uint8Array(100);
  const half = graph.initializer('w', 'float16', [50], { kind: 'inline', bytes });
  graph.initializer('unused', 'float16', [1000], { kind: 'inline', bytes: new Uint8Array(2000) });
  graph.output('y', add(x, silu(cast(half, 'float32'))));
  expect(graph.residentBytes()).toBe(50 * FLOAT32_BYTES + 50 * FLOAT32_BYTES);
});
