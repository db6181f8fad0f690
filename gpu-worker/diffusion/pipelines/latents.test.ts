import { expect, test } from 'vitest';
import { vaeConfigSchema } from '../weights/model-configs.ts';
import { drawLatents, latentsForDecoder, latentsForUnet } from './latents.ts';

const plain = vaeConfigSchema.parse({
  latent_channels: 2,
  scaling_factor: 0.5,
  norm_num_groups: 4,
});
const centred = { ...plain, latents_mean: [1, -2], latents_std: [2, 4] };
/** Two rows of two channels of two elements. */
const latents = Float32Array.of(1, 3, -2, 6, 5, 1, 0, -2);

test('latents are scaled for the UNet and back for the decoder', () => {
  const scaled = latentsForUnet(plain, latents, 2);
  expect([...scaled]).toEqual([0.5, 1.5, -1, 3, 2.5, 0.5, 0, -1]);
  expect(latentsForDecoder(plain, scaled, 2)).toEqual(latents);
});

test('where the config has mean and deviation of each channel, they are taken off and put back', () => {
  const scaled = latentsForUnet(centred, latents, 2);
  expect([...scaled]).toEqual([0, 0.5, 0, 1, 1, 0, 0.25, 0]);
  expect(latentsForDecoder(centred, scaled, 2)).toEqual(latents);
});

test('a latent is drawn from the posterior before it is centred', () => {
  const drawn = drawLatents(
    centred,
    Float32Array.of(1, 1, 0, 0),
    new Float32Array(4).fill(2 * Math.log(2)),
    Float32Array.of(0, 1, 1, -1),
  );
  expect([...drawn]).toEqual([0, 0.5, 0.5, 0]);
});

test.each([
  [{ latents_mean: [0, 0] }, 'latents_std'],
  [{ latents_mean: [0], latents_std: [1, 1] }, 'latents_mean'],
  [{ shift_factor: 0.1159 }, '0.1159 is not supported'],
])('%j is refused', (change, message) => {
  expect(() => vaeConfigSchema.parse({ ...plain, ...change })).toThrow(message);
});
