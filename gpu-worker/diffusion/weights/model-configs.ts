/**
 * @file The `config.json` of each model in a diffusers checkpoint, with the field names, defaults and
 * nullability of the library that wrote it. Features that no model here builds are refused by name.
 */
import { z } from 'zod';

const count = z.int().positive();
const perLevel = z.union([count, z.array(count).min(1)]);
const off = z.literal(false).default(false);
const absent = z.null().default(null);

/** @see diffusers `src/diffusers/models/unets/unet_2d_condition.py` */
export const unetConfigSchema = z.looseObject({
  sample_size: z
    .union([count, z.array(count).length(2)])
    .nullable()
    .default(null),
  in_channels: count.default(4),
  out_channels: count.default(4),
  center_input_sample: z.boolean().default(false),
  flip_sin_to_cos: z.boolean().default(true),
  freq_shift: z.number().default(0),
  down_block_types: z
    .array(z.enum(['CrossAttnDownBlock2D', 'DownBlock2D']))
    .min(1)
    .default([
      'CrossAttnDownBlock2D',
      'CrossAttnDownBlock2D',
      'CrossAttnDownBlock2D',
      'DownBlock2D',
    ]),
  mid_block_type: z
    .literal('UNetMidBlock2DCrossAttn')
    .nullable()
    .default('UNetMidBlock2DCrossAttn'),
  up_block_types: z
    .array(z.enum(['CrossAttnUpBlock2D', 'UpBlock2D']))
    .min(1)
    .default(['UpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D']),
  block_out_channels: z.array(count).min(1).default([320, 640, 1280, 1280]),
  layers_per_block: perLevel.default(2),
  downsample_padding: z.int().nonnegative().default(1),
  mid_block_scale_factor: z.number().default(1),
  dropout: z.number().default(0),
  act_fn: z.enum(['silu', 'swish']).default('silu'),
  norm_num_groups: count.default(32),
  norm_eps: z.number().positive().default(1e-5),
  cross_attention_dim: perLevel.default(1280),
  transformer_layers_per_block: perLevel.default(1),
  /** The number of attention heads, despite its name; one value, or one a level. */
  attention_head_dim: perLevel.default(8),
  use_linear_projection: z.boolean().default(false),
  upcast_attention: z.boolean().default(false),
  addition_embed_type: z.literal('text_time').nullable().default(null),
  addition_time_embed_dim: count.nullable().default(null),
  projection_class_embeddings_input_dim: count.nullable().default(null),
  conv_in_kernel: count.default(3),
  conv_out_kernel: count.default(3),
  /** Read by block types that no Stable Diffusion has; here it is without effect, as in the reference. */
  resnet_out_scale_factor: z.number().default(1),
  // What follows must be as Stable Diffusion has it.
  num_attention_heads: absent,
  only_cross_attention: off,
  mid_block_only_cross_attention: z.literal(false).nullable().default(null),
  dual_cross_attention: off,
  reverse_transformer_layers_per_block: absent,
  encoder_hid_dim: absent,
  encoder_hid_dim_type: absent,
  class_embed_type: absent,
  num_class_embeds: absent,
  resnet_time_scale_shift: z.literal('default').default('default'),
  resnet_skip_time_act: off,
  time_embedding_type: z.literal('positional').default('positional'),
  time_embedding_dim: absent,
  time_embedding_act_fn: absent,
  timestep_post_act: absent,
  time_cond_proj_dim: absent,
  attention_type: z.literal('default').default('default'),
  cross_attention_norm: absent,
});

/** @see unetConfigSchema */
export type UnetConfig = z.infer<typeof unetConfigSchema>;

/** @see diffusers `src/diffusers/models/autoencoders/autoencoder_kl.py` */
export const vaeConfigSchema = z.looseObject({
  in_channels: count.default(3),
  out_channels: count.default(3),
  down_block_types: z.array(z.literal('DownEncoderBlock2D')).min(1).default(['DownEncoderBlock2D']),
  up_block_types: z.array(z.literal('UpDecoderBlock2D')).min(1).default(['UpDecoderBlock2D']),
  block_out_channels: z.array(count).min(1).default([64]),
  layers_per_block: count.default(1),
  act_fn: z.enum(['silu', 'swish']).default('silu'),
  latent_channels: count.default(4),
  norm_num_groups: count.default(32),
  sample_size: z.union([count, z.array(count).length(2)]).default(32),
  /** Latents are multiplied by this on their way to the UNet. */
  scaling_factor: z.number().positive().default(0.18215),
  shift_factor: z.number().nullable().default(null),
  latents_mean: z.array(z.number()).nullable().default(null),
  latents_std: z.array(z.number()).nullable().default(null),
  force_upcast: z.boolean().default(true),
  use_quant_conv: z.boolean().default(true),
  use_post_quant_conv: z.boolean().default(true),
  mid_block_add_attention: z.boolean().default(true),
});

/** @see vaeConfigSchema */
export type VaeConfig = z.infer<typeof vaeConfigSchema>;

/** @see transformers `CLIPTextConfig` */
export const clipTextConfigSchema = z.looseObject({
  hidden_size: count.default(512),
  intermediate_size: count.default(2048),
  num_hidden_layers: count.default(12),
  num_attention_heads: count.default(8),
  hidden_act: z.enum(['quick_gelu', 'gelu']).default('quick_gelu'),
  vocab_size: count.default(49408),
  max_position_embeddings: count.default(77),
  layer_norm_eps: z.number().positive().default(1e-5),
  bos_token_id: z.int().nullable().default(49406),
  /** 2 in old checkpoints, where the end token is the largest id of its row instead. */
  eos_token_id: z.int().nullable().default(49407),
  pad_token_id: z.int().nullable().default(1),
  /** Width of the pooled output where the encoder has a `text_projection`. */
  projection_dim: count.default(512),
});

/** @see clipTextConfigSchema */
export type ClipTextConfig = z.infer<typeof clipTextConfigSchema>;
