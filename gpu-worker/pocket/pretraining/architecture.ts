/** @file The shape of pocket: the configs of its three models and its noise schedule, diffusers spelling. */
import {
  clipTextConfigSchema,
  unetConfigSchema,
  vaeConfigSchema,
} from '../../diffusion/weights/model-configs.ts';
import { MODEL_MAX_LENGTH } from '../tokenizer/build-vocabulary.ts';
import { PICTURE_SIZE } from '../world/render.ts';

export const vaeConfig = vaeConfigSchema.parse({
  block_out_channels: [16, 32, 96],
  down_block_types: Array(3).fill('DownEncoderBlock2D'),
  up_block_types: Array(3).fill('UpDecoderBlock2D'),
  latent_channels: 8,
  layers_per_block: 1,
  norm_num_groups: 8,
  mid_block_add_attention: false,
  sample_size: PICTURE_SIZE,
});

export const textConfig = (vocabSize: number, ids: { bos: number; eos: number; pad: number }) =>
  clipTextConfigSchema.parse({
    vocab_size: vocabSize,
    hidden_size: 128,
    intermediate_size: 512,
    num_hidden_layers: 4,
    num_attention_heads: 4,
    max_position_embeddings: MODEL_MAX_LENGTH,
    bos_token_id: ids.bos,
    eos_token_id: ids.eos,
    pad_token_id: ids.pad,
    projection_dim: 128,
  });

export const unetConfig = unetConfigSchema.parse({
  sample_size: 16,
  in_channels: vaeConfig.latent_channels,
  out_channels: vaeConfig.latent_channels,
  // Most at 16 × 16, where marks are drawn; 48 there blurred them even at low noise.
  block_out_channels: [96, 80, 128],
  // Attention over all 16 × 16 places costs as much as everything else together, and 8 × 8 will do.
  down_block_types: ['DownBlock2D', 'CrossAttnDownBlock2D', 'CrossAttnDownBlock2D'],
  up_block_types: ['CrossAttnUpBlock2D', 'CrossAttnUpBlock2D', 'UpBlock2D'],
  layers_per_block: 1,
  attention_head_dim: 4,
  cross_attention_dim: 128,
  norm_num_groups: 16,
});

export const schedulerConfig = {
  _class_name: 'DDIMScheduler',
  beta_start: 0.00085,
  beta_end: 0.012,
  beta_schedule: 'scaled_linear',
  num_train_timesteps: 1000,
  // At high noise this asks for the picture, not the noise: layout and colours come sooner.
  prediction_type: 'v_prediction',
  clip_sample: false,
  set_alpha_to_one: false,
  steps_offset: 1,
};
