/** @file The shape of pocket: the configs of its three models and its noise schedule, diffusers spelling. */
import {
  clipTextConfigSchema,
  unetConfigSchema,
  vaeConfigSchema,
} from '../../diffusion/weights/model-configs.ts';

/** Longest prompt in tokens, begin and end marks included. */
export const MAX_TOKENS = 48;

export const vaeConfig = vaeConfigSchema.parse({
  block_out_channels: [16, 32, 64],
  down_block_types: Array(3).fill('DownEncoderBlock2D'),
  up_block_types: Array(3).fill('UpDecoderBlock2D'),
  latent_channels: 4,
  layers_per_block: 1,
  norm_num_groups: 8,
  sample_size: 64,
});

export const textConfig = (vocabSize: number, ids: { bos: number; eos: number; pad: number }) =>
  clipTextConfigSchema.parse({
    vocab_size: vocabSize,
    hidden_size: 128,
    intermediate_size: 512,
    num_hidden_layers: 3,
    num_attention_heads: 4,
    max_position_embeddings: MAX_TOKENS,
    bos_token_id: ids.bos,
    eos_token_id: ids.eos,
    pad_token_id: ids.pad,
    projection_dim: 128,
  });

export const unetConfig = unetConfigSchema.parse({
  sample_size: 16,
  in_channels: vaeConfig.latent_channels,
  out_channels: vaeConfig.latent_channels,
  block_out_channels: [64, 96, 128],
  down_block_types: ['CrossAttnDownBlock2D', 'CrossAttnDownBlock2D', 'DownBlock2D'],
  up_block_types: ['UpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D'],
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
  prediction_type: 'epsilon',
  clip_sample: false,
  set_alpha_to_one: false,
  steps_offset: 1,
};
