/** @file Checks that a checkpoint's models fit each other and its files fit its configs, by names and shapes alone. */
import { buildVaeDecoder, buildVaeEncoder, vaeScaleFactor } from '../models/autoencoder-kl.ts';
import { checkedTensor } from '../models/frozen-weights.ts';
import { listParameters } from '../models/list-parameters.ts';
import { textStatesWidth } from '../models/text-conditioning.ts';
import { checkedParameter, listDenoiserParameters, TIME_IDS } from '../training/denoising-loss.ts';
import { type Checkpoint, CheckpointError } from '../weights/diffusers-checkpoint.ts';
import type { VaeConfig } from '../weights/model-configs.ts';
import { takesTimeIds } from './time-ids.ts';

/**
 * Reads no weights.
 * @throws {CheckpointError} naming the config's field, the component or the tensor that does not fit
 */
export function checkCheckpoint(checkpoint: Checkpoint): void {
  requireMatchingModels(checkpoint);
  const { vae } = checkpoint;
  const checks = [
    ...listDenoiserParameters(checkpoint, true).map(
      (parameter) => () => checkedParameter(checkpoint, parameter),
    ),
    ...listVaeParameters(vae.config).map(
      ({ name, shape }) =>
        () =>
          checkedTensor(vae.tensors, name, shape, 'vae.'),
    ),
  ];
  for (const check of checks) {
    try {
      check();
    } catch (cause) {
      throw new CheckpointError(`${checkpoint.dir}: ${(cause as Error).message}`, { cause });
    }
  }
}

/** The autoencoder's tensors, as both of its halves ask for them. */
export function listVaeParameters(config: VaeConfig) {
  const side = vaeScaleFactor(config);
  return listParameters((weights, input) => {
    buildVaeEncoder(weights, config, input('float32', [1, config.in_channels, side, side]));
    buildVaeDecoder(weights, config, input('float32', [1, config.latent_channels, 1, 1]));
  });
}

/** @throws {CheckpointError} when the UNet expects something else than autoencoder and text encoders give */
function requireMatchingModels(checkpoint: Checkpoint): void {
  const { dir, unet, vae, textEncoder2 } = checkpoint;
  const refuse = (file: string, complaint: string): never => {
    throw new CheckpointError(`${dir}/${file}: ${complaint}`);
  };
  const { in_channels, out_channels, cross_attention_dim } = unet.config;

  const { latent_channels } = vae.config;
  for (const [field, channels] of Object.entries({ in_channels, out_channels })) {
    if (channels !== latent_channels) {
      refuse('unet/config.json', `${field} is ${channels}, latents have ${latent_channels}`);
    }
  }
  if (vae.config.latents_mean !== null && !textEncoder2) {
    refuse('vae/config.json', 'latents_mean and latents_std are for SDXL; expected null');
  }
  if (takesTimeIds(unet.config) && !textEncoder2) {
    refuse(
      'model_index.json',
      'expected a component "text_encoder_2": the addition_embed_type of the UNet is "text_time"',
    );
  }
  if (!takesTimeIds(unet.config) && textEncoder2) {
    refuse(
      'unet/config.json',
      'expected addition_embed_type "text_time" beside a second text encoder',
    );
  }
  const width = textStatesWidth(checkpoint);
  if ([cross_attention_dim].flat().some((expected) => expected !== width)) {
    refuse(
      'unet/config.json',
      `cross_attention_dim is ${cross_attention_dim}, the text encoders' states have width ${width}`,
    );
  }
  if (!textEncoder2) return;
  const { projection_class_embeddings_input_dim: expected, addition_time_embed_dim } = unet.config;
  const added = textEncoder2.config.projection_dim + TIME_IDS * addition_time_embed_dim!;
  if (expected !== added) {
    refuse(
      'unet/config.json',
      `projection_class_embeddings_input_dim is ${expected}, pooled text and sizes have width ${added}`,
    );
  }
}
