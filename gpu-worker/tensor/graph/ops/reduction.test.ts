import { expect, test } from 'vitest';
import { createSession } from '../../runtime/session.ts';
import { Graph } from '../graph.ts';
import { argMax } from './reduction.ts';

test('the largest element is found, and the first where several are equal', async () => {
  const graph = new Graph();
  graph.output('y', argMax(graph.input('x', 'float32', [2, 2, 4])));
  const session = await createSession(graph, { purpose: 'inference', threads: 1 });
  const data = Float32Array.of(3, 9, 9, 1, 0, 0, 0, 0, -4, -3, -2, -1, 5, -6, -7, 5);
  const { y } = await session.run({ x: { data, shape: [2, 2, 4] } });
  expect(y).toEqual({ data: Float32Array.of(1, 0, 3, 0), shape: [2, 2] });
  await session.close();
});
