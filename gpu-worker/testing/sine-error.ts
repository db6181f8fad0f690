/** @file How far our sines and cosines are from the true ones. */
import { Graph } from '../tensor/graph/graph.ts';
import { sine } from '../tensor/graph/ops/elementwise.ts';
import type { ExecutionProvider } from '../tensor/runtime/providers.ts';
import { createSession } from '../tensor/runtime/session.ts';

const COUNT = 8192;
/** SDXL embeds sizes of pictures, too. */
const LARGEST = 4096;

/** @returns the largest absolute error over angles within ±4096 */
export async function worstSineError(provider: ExecutionProvider): Promise<number> {
  const graph = new Graph();
  const x = graph.input('x', 'float32', [COUNT]);
  graph.output('sin', sine(x, graph.constant(0)));
  graph.output('cos', sine(x, graph.constant(0.5)));
  const session = await createSession(graph, { provider, purpose: 'training' });
  const data = Float32Array.from({ length: COUNT }, (_, i) => (LARGEST * (2 * i - COUNT)) / COUNT);
  const results = await session.run({ x: { data, shape: [COUNT] } });
  await session.close();
  const errors = (['sin', 'cos'] as const).flatMap((name) =>
    Array.from(data, (angle, i) => Math.abs(results[name]!.data[i]! - Math[name](angle))),
  );
  return Math.max(...errors);
}
