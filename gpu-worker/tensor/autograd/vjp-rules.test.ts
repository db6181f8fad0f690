/** @file Every rule against central finite differences. */
import { describe, expect, test } from 'vitest';
import { DIFFERENTIABLE_OPS } from '../graph/differentiable-ops.ts';
import { prepareVjpCase, VJP_CASES } from './vjp-cases.ts';

describe.each(DIFFERENTIABLE_OPS)('%s', (op) => {
  test.each(VJP_CASES[op].map((entry) => ({ name: 'plain', ...entry })))('$name', async (entry) => {
    const { session, feeds } = await prepareVjpCase(entry, 'cpu');
    // Summed in double precision: float32 sums would drown the difference.
    const lossAt = async () =>
      [...(await session.run(feeds)).weighted!.data].reduce((sum, x) => sum + x, 0);
    const analytic = await session.run(feeds);
    for (const [i, shape] of entry.inputs.entries())
      expect(analytic[`g${i}`]!.shape).toEqual(shape);
    const step = 1e-2;
    for (const [i] of entry.inputs.entries()) {
      const data = feeds[`x${i}`]!.data;
      for (let k = 0; k < data.length; k++) {
        const centre = data[k]!;
        data[k] = centre + step;
        const above = await lossAt();
        const high = data[k]!;
        data[k] = centre - step;
        const below = await lossAt();
        const numeric = (above - below) / (high - data[k]!);
        data[k] = centre;
        const grad = analytic[`g${i}`]!.data[k]!;
        // The second-order remainder of a step of 1e-2 and float32 rounding stay below this.
        expect(Math.abs(grad - numeric), `x${i}[${k}]: ${grad} against ${numeric}`).toBeLessThan(
          2e-3 * Math.max(1, Math.abs(numeric)),
        );
      }
    }
    await session.close();
  });
});
