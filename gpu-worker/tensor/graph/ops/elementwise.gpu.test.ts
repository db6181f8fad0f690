import { beforeEach, expect, test } from 'vitest';
import { worstSineError } from '../../../testing/sine-error.ts';
import { whyNoWebgpu } from '../../../testing/webgpu.ts';

const reason = await whyNoWebgpu();
beforeEach(({ skip }) => skip(reason !== undefined, reason));

test('sines and cosines of large angles are exact to rounding on WebGPU, too', async () => {
  expect(await worstSineError('webgpu')).toBeLessThan(4e-7);
});
