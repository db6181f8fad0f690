/** @file Every op and its rule on WebGPU against the CPU, without a kernel on the CPU. */
import { beforeEach, describe, expect, test } from 'vitest';
import { whyNoWebgpu } from '../../testing/webgpu.ts';
import { DIFFERENTIABLE_OPS } from '../graph/differentiable-ops.ts';
import { Graph } from '../graph/graph.ts';
import type { ExecutionProvider, Tensor } from '../runtime/session.ts';
import { createSession } from '../runtime/session.ts';
import { prepareVjpCase, VJP_CASES, type VjpCase } from './vjp-cases.ts';

const reason = await whyNoWebgpu();
beforeEach(({ skip }) => skip(reason !== undefined, reason));

async function runOn(provider: ExecutionProvider, entry: VjpCase): Promise<Record<string, Tensor>> {
  const { session, feeds } = await prepareVjpCase(entry, provider);
  const results = await session.run(feeds);
  await session.close();
  return results;
}

describe.each(DIFFERENTIABLE_OPS)('%s', (op) => {
  test.each(VJP_CASES[op].map((entry) => ({ name: 'plain', ...entry })))('$name', async (entry) => {
    const [expected, actual] = [await runOn('cpu', entry), await runOn('webgpu', entry)];
    for (const [name, { data }] of Object.entries(expected)) {
      const scale = Math.max(...data.map(Math.abs));
      for (const [i, value] of data.entries()) {
        const error = Math.abs(actual[name]!.data[i]! - value);
        expect(error, `${name}[${i}]`).toBeLessThanOrEqual(1e-5 * scale);
      }
    }
  });
});

test('an op without a kernel on WebGPU is refused in training', async () => {
  const graph = new Graph();
  const x = graph.input('x', 'float32', [3]);
  graph.output('y', graph.emit('Round', [x], [{ dtype: 'float32', shape: [3] }])[0]!);
  await expect(createSession(graph, { provider: 'webgpu', purpose: 'training' })).rejects.toThrow(
    /assigned to the default CPU EP/,
  );
});
