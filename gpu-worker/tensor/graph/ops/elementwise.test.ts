import { expect, test } from 'vitest';
import { worstSineError } from '../../../testing/sine-error.ts';

test('sines and cosines of large angles are exact to rounding', async () => {
  expect(await worstSineError('cpu')).toBeLessThan(4e-7);
});
