import { expect, test } from 'vitest';
import { KNOWN_RESULT } from './probe-result.ts';
import { makeProbeSteps } from './probe-step.ts';

test('the probe comes to what torch computes', async () => {
  const { values } = await makeProbeSteps('cpu');
  expect(values).toHaveLength(KNOWN_RESULT.length);
  for (const [i, value] of values.entries())
    expect(Math.abs(value / KNOWN_RESULT[i]! - 1)).toBeLessThan(5e-5);
});
