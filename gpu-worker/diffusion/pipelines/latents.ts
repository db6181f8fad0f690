/** @file Latents as the autoencoder gives and takes them ↔ as the UNet does: centred and scaled. */
import type { VaeConfig } from '../weights/model-configs.ts';

/**
 * The autoencoder's latents as the UNet takes them: (z − μ_c) · scalingFactor / σ_c.
 *
 * μ and σ of the channels are 0 and 1 where the config has none.
 *
 * @param latents float32 `[n, c, h, w]` or `[c, h, w]`
 * @param planeSize h · w
 * @see diffusers `pipeline_stable_diffusion_xl_img2img.py`, prepare_latents
 */
export function latentsForUnet(
  config: VaeConfig,
  latents: Float32Array,
  planeSize: number,
): Float32Array {
  const { latents_mean, latents_std, scaling_factor } = config;
  return latents.map((value, i) => {
    const channel = Math.floor(i / planeSize) % config.latent_channels;
    const centred = value - (latents_mean?.[channel] ?? 0);
    return (centred * scaling_factor) / (latents_std?.[channel] ?? 1);
  });
}

/** The inverse of {@link latentsForUnet}. @see diffusers `pipeline_stable_diffusion_xl.py`, `__call__` */
export function latentsForDecoder(
  config: VaeConfig,
  latents: Float32Array,
  planeSize: number,
): Float32Array {
  const { latents_mean, latents_std, scaling_factor } = config;
  return latents.map((value, i) => {
    const channel = Math.floor(i / planeSize) % config.latent_channels;
    return (
      (value * (latents_std?.[channel] ?? 1)) / scaling_factor + (latents_mean?.[channel] ?? 0)
    );
  });
}

/**
 * Draws a latent from a posterior.
 *
 * @param mean float32 `[c, h, w]`
 * @param logvar float32, same length
 * @param noise float32, standard normal, same length
 * @returns the latent as the UNet takes it
 */
export function drawLatents(
  config: VaeConfig,
  mean: Float32Array,
  logvar: Float32Array,
  noise: Float32Array,
): Float32Array {
  const latents = mean.map((m, i) => m + Math.exp(0.5 * logvar[i]!) * noise[i]!);
  return latentsForUnet(config, latents, mean.length / config.latent_channels);
}
