/** @file How much of a picture the base's autoencoder keeps: nothing that the base draws can be sharper. */
import { imageToPixels } from '../diffusion/images/pixels.ts';
import { latentsForUnet } from '../diffusion/pipelines/latents.ts';
import { SessionCache } from '../diffusion/pipelines/session-cache.ts';
import { decodeLatents, encodePixels, nativeSize } from '../diffusion/pipelines/sessions.ts';
import type { EvaluatedBase } from './base.ts';
import type { RgbPicture } from './pictures.ts';

/** What an autoencoder has to reach, in dB. */
export const AUTOENCODER_TARGETS = { world: 27, photos: 20 } as const;

/** Peak signal-to-noise ratio of pictures that were encoded and decoded again, in dB. */
export interface Reconstruction {
  /** Of drawings of the world. */
  readonly world: number;
  readonly photos?: number;
}

const AT_ONCE = 8;

/**
 * Encodes pictures and decodes them again.
 *
 * @param pictures of any size; their middle is taken, at the base's own size
 * @returns peak signal-to-noise ratio over all pixels of all pictures, in dB
 */
export async function measureAutoencoder(
  { checkpoint }: EvaluatedBase,
  pictures: readonly RgbPicture[],
): Promise<number> {
  const cache = new SessionCache({});
  const { pixels: side } = nativeSize(checkpoint);
  const size = 3 * side * side;
  let squares = 0;
  for (let start = 0; start < pictures.length; start += AT_ONCE) {
    const batch = pictures.slice(start, start + AT_ONCE);
    const data = new Float32Array(batch.length * size);
    for (const [i, { rgb, width, height }] of batch.entries()) {
      const target = { width: side, height: side };
      data.set(await imageToPixels(rgb, width, height, target), i * size);
    }
    const shape = [batch.length, 3, side, side];
    const { vae } = checkpoint;
    const { mean } = await encodePixels(cache, vae, { data, shape });
    const plane = mean.shape[2]! * mean.shape[3]!;
    const latents = latentsForUnet(vae.config, mean.data as Float32Array, plane);
    const { data: decoded } = await decodeLatents(cache, vae, { data: latents, shape: mean.shape });
    for (const [i, value] of data.entries()) squares += (value - clamp(decoded[i]!)) ** 2;
  }
  await cache.close();
  // Pixels are in [−1, 1].
  return 10 * Math.log10(4 / (squares / (pictures.length * size)));
}

const clamp = (value: number): number => Math.min(1, Math.max(-1, value));
