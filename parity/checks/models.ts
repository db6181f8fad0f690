/** @file Text encoders, autoencoder and UNet: one forward pass each. */

import { vaeScaleFactor } from '#worker/diffusion/models/autoencoder-kl.ts';
import { selectTensors } from '#worker/diffusion/pipelines/checkpoint-weights.ts';
import { latentsForUnet } from '#worker/diffusion/pipelines/latents.ts';
import type { TokenIds } from '#worker/diffusion/pipelines/prompts.ts';
import {
  decodeLatents,
  encodeIds,
  encodePixels,
  predictNoise,
  type UnetFeeds,
} from '#worker/diffusion/pipelines/sessions.ts';
import { timeIdsOf, wholePicture } from '#worker/diffusion/pipelines/time-ids.ts';
import type { Tensor } from '#worker/tensor/runtime/session.ts';
import { relativeRow } from '../compare.ts';
import type { Reference } from '../reference.ts';
import type { Check } from './check.ts';

export const MODEL_TOLERANCE = 2e-5;

export const checkText: Check = async function* ({ reference, cache, slack }) {
  const { checkpoint } = reference;
  if (!reference.has('ids')) return;
  const { promptStates, promptPooled } = await encodeIds(
    cache,
    checkpoint,
    selectTensors(checkpoint),
    tokenIds(reference),
  );
  const computed = { 'text/hidden': promptStates, 'text/pooled': promptPooled };
  for (const [item, tensor] of Object.entries(computed)) {
    if (!tensor || !reference.has(item)) continue;
    yield relativeRow(item, [[tensor.data, reference.float(item).data]], MODEL_TOLERANCE * slack);
  }
};

export const checkAutoencoder: Check = async function* ({ reference, cache, slack }) {
  const { vae } = reference.checkpoint;
  const tolerance = MODEL_TOLERANCE * slack;
  if (reference.has('vae/pixels')) {
    const { mean, logvar } = await encodePixels(cache, vae, reference.float('vae/pixels'));
    yield relativeRow('vae/mean', [[mean.data, reference.float('vae/mean').data]], tolerance);
    yield relativeRow('vae/logvar', [[logvar.data, reference.float('vae/logvar').data]], tolerance);
  }
  if (reference.has('vae/latents')) {
    const { data, shape } = reference.float('vae/latents');
    // The reference's latents are the autoencoder's; the pipeline's are what the UNet sees.
    const scaled = latentsForUnet(vae.config, data, shape[2]! * shape[3]!);
    const decoded = await decodeLatents(cache, vae, { data: scaled, shape });
    yield relativeRow(
      'vae/decoded',
      [[decoded.data, reference.float('vae/decoded').data]],
      tolerance,
    );
  }
};

export const checkUnet: Check = async function* ({ reference, cache, slack }) {
  if (!reference.has('unet/prediction')) return;
  const { unet } = reference.checkpoint;
  const prediction = await predictNoise(cache, unet, unet.tensors, unetFeeds(reference));
  const expected = reference.float('unet/prediction').data;
  yield relativeRow('unet/prediction', [[prediction, expected]], MODEL_TOLERANCE * slack);
};

/** Token ids of each text encoder. */
export function tokenIds(reference: Reference): TokenIds {
  return {
    ids: reference.int('ids'),
    ...(reference.checkpoint.textEncoder2 && { ids2: reference.int('ids_2') }),
  };
}

/** What the UNet is fed for `unet/prediction`. */
export function unetFeeds(reference: Reference): UnetFeeds {
  const sample = reference.float('unet/noisy');
  return {
    sample,
    timesteps: floats(reference.int('unet/timesteps')),
    states: reference.float('text/hidden'),
    ...additionFeeds(reference, sample),
  };
}

/** SDXL's pooled text and time ids, for every text of the reference. */
export function additionFeeds(
  reference: Reference,
  sample: Tensor,
): Pick<UnetFeeds, 'pooled' | 'timeIds'> {
  const { textEncoder2, vae } = reference.checkpoint;
  if (!textEncoder2) return {};
  const pooled = reference.float('text/pooled');
  const [height, width] = sample.shape.slice(-2).map((n) => n * vaeScaleFactor(vae.config));
  const frames = Array(pooled.shape[0]!).fill(wholePicture(height!, width!));
  return { pooled, timeIds: timeIdsOf(frames) };
}

const floats = ({ data, shape }: Tensor): Tensor => ({ data: Float32Array.from(data), shape });
