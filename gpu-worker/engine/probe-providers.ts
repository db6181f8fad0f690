/** @file Tries each execution provider on a small graph and compares its result with the CPU's. */
import { Graph } from '../tensor/graph/graph.ts';
import { conv2d } from '../tensor/graph/ops/convolution.ts';
import { silu } from '../tensor/graph/ops/elementwise.ts';
import { groupNorm } from '../tensor/graph/ops/normalization.ts';
import { Philox } from '../tensor/random/philox.ts';
import { createSession, type ExecutionProvider, type Tensor } from '../tensor/runtime/session.ts';

export interface ProviderReport {
  readonly provider: ExecutionProvider;
  readonly works: boolean;
  /** Time of a run, or why it does not work. */
  readonly detail: string;
}

const SHAPES = { x: [2, 32, 32, 32], w: [32, 32, 3, 3], s: [32], b: [32] } as const;
/** Providers add up in another order and may use fast approximations. */
const TOLERANCE = 1e-3;

/** @returns one report for each provider that a configuration can name */
export async function probeProviders(): Promise<ProviderReport[]> {
  const expected = (await runOn('cpu')).values;
  const reports: ProviderReport[] = [];
  for (const provider of ['cpu', 'webgpu', 'cuda'] as const) {
    try {
      const { values, ms } = await runOn(provider);
      const worst = values.reduce(
        (max, value, i) => Math.max(max, Math.abs(value - expected[i]!)),
        0,
      );
      reports.push(
        worst <= TOLERANCE
          ? { provider, works: true, detail: `a small convolution in ${ms.toFixed(1)} ms` }
          : { provider, works: false, detail: `its result differs from the CPU's by ${worst}` },
      );
    } catch (error) {
      const [firstLine = ''] = (error as Error).message.split('\n');
      reports.push({ provider, works: false, detail: firstLine.slice(0, 200) });
    }
  }
  return reports;
}

async function runOn(provider: ExecutionProvider): Promise<{ values: Float32Array; ms: number }> {
  const graph = new Graph();
  const input = (name: keyof typeof SHAPES) => graph.input(name, 'float32', SHAPES[name]);
  const [x, w, s, b] = [input('x'), input('w'), input('s'), input('b')];
  graph.output('y', conv2d(silu(groupNorm(x, s, b, 8, 1e-5)), w, b, { pads: [1, 1, 1, 1] }));
  const feeds: Record<string, Tensor> = {};
  for (const [i, [name, shape]] of Object.entries(SHAPES).entries()) {
    const size = shape.reduce((product: number, length) => product * length, 1);
    feeds[name] = { data: new Philox(1, i).normals(size), shape };
  }
  const session = await createSession(graph, { provider, purpose: 'inference' });
  await session.run(feeds);
  const startedAt = performance.now();
  const { y } = await session.run(feeds);
  const ms = performance.now() - startedAt;
  await session.close();
  return { values: y!.data as Float32Array, ms };
}
