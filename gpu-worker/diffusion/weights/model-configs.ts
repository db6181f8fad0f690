/**
 * @file The `config.json` of each model in a diffusers checkpoint, with the field names, defaults and
 * nullability of the library that wrote it. Features that no model here builds are refused by name.
 */
import { z } from 'zod';

/**
 * Bounds far above every published model: a damaged number is refused here, before a graph of that size is built or
 * memory of that size is asked for.
 */
const count = z.int().positive().max(65_536);
const depth = z.int().positive().max(64);
const side = z.int().positive().max(8_192);
const MAX_LEVELS = 8;
const perLevel = z.union([count, z.array(count).min(1).max(MAX_LEVELS)]);
const depthPerLevel = z.union([depth, z.array(depth).min(1).max(MAX_LEVELS)]);

/** Other values change what is computed, in a way that no model here builds. */
const oneOf = <const T extends string | number | boolean | null>(...values: readonly T[]) =>
  z.literal(values, {
    error: ({ input }) =>
      `${JSON.stringify(input)?.slice(0, 80)} is not supported, expected ${values.map((value) => JSON.stringify(value)).join(' or ')}`,
  });
const oddKernel = oneOf(1, 3, 5, 7);
const off = oneOf(false).default(false);
const absent = oneOf(null).default(null);
/** Dropout has a part in training only; the reference would drop there, and these models do not. */
const noDropout = oneOf(0).default(0);
const activation = oneOf('silu', 'swish').default('silu');

/** @see diffusers `src/diffusers/models/unets/unet_2d_condition.py` */
export const unetConfigSchema = z
  .looseObject({
    _class_name: oneOf('UNet2DConditionModel').optional(),
    sample_size: z
      .union([side, z.array(side).length(2)])
      .nullable()
      .default(null),
    in_channels: count.default(4),
    out_channels: count.default(4),
    center_input_sample: z.boolean().default(false),
    flip_sin_to_cos: z.boolean().default(true),
    freq_shift: z.number().default(0),
    down_block_types: z
      .array(oneOf('CrossAttnDownBlock2D', 'DownBlock2D'))
      .min(1)
      .default([
        'CrossAttnDownBlock2D',
        'CrossAttnDownBlock2D',
        'CrossAttnDownBlock2D',
        'DownBlock2D',
      ]),
    mid_block_type: oneOf('UNetMidBlock2DCrossAttn', null).default('UNetMidBlock2DCrossAttn'),
    up_block_types: z
      .array(oneOf('CrossAttnUpBlock2D', 'UpBlock2D'))
      .min(1)
      .default(['UpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D']),
    block_out_channels: z.array(count).min(1).max(MAX_LEVELS).default([320, 640, 1280, 1280]),
    layers_per_block: depthPerLevel.default(2),
    downsample_padding: z.int().min(0).max(1).default(1),
    mid_block_scale_factor: z.number().default(1),
    dropout: noDropout,
    act_fn: activation,
    norm_num_groups: count.default(32),
    norm_eps: z.number().positive().default(1e-5),
    cross_attention_dim: perLevel.default(1280),
    transformer_layers_per_block: depthPerLevel.default(1),
    /** The number of attention heads, despite its name; one value, or one a level. */
    attention_head_dim: perLevel.default(8),
    use_linear_projection: z.boolean().default(false),
    upcast_attention: z.boolean().default(false),
    addition_embed_type: oneOf('text_time', null).default(null),
    addition_time_embed_dim: count.nullable().default(null),
    projection_class_embeddings_input_dim: count.nullable().default(null),
    conv_in_kernel: oddKernel.default(3),
    conv_out_kernel: oddKernel.default(3),
    /** Read by block types that no Stable Diffusion has; here it is without effect, as in the reference. */
    resnet_out_scale_factor: z.number().default(1),
    // What follows must be as Stable Diffusion has it.
    num_attention_heads: absent,
    only_cross_attention: off,
    mid_block_only_cross_attention: oneOf(false, null).default(null),
    dual_cross_attention: off,
    reverse_transformer_layers_per_block: absent,
    encoder_hid_dim: absent,
    encoder_hid_dim_type: absent,
    class_embed_type: absent,
    num_class_embeds: absent,
    resnet_time_scale_shift: oneOf('default').default('default'),
    resnet_skip_time_act: off,
    time_embedding_type: oneOf('positional').default('positional'),
    time_embedding_dim: absent,
    time_embedding_act_fn: absent,
    timestep_post_act: absent,
    time_cond_proj_dim: absent,
    attention_type: oneOf('default').default('default'),
    class_embeddings_concat: off,
    cross_attention_norm: absent,
  })
  .superRefine((config, context) => {
    const { block_out_channels: channels, down_block_types, up_block_types } = config;
    const complain = complaints(context);
    const lists = { down_block_types, up_block_types, ...perLevelLists(config) };
    for (const [name, list] of Object.entries(lists)) {
      if (list.length !== channels.length)
        complain(name, `expected ${channels.length} entries, one for each of block_out_channels`);
    }
    requireMultiples(channels, config.norm_num_groups, 'norm_num_groups', complain);
    const heads = config.attention_head_dim;
    channels.forEach((width, level) => {
      const attends =
        down_block_types[level] === 'CrossAttnDownBlock2D' ||
        up_block_types[channels.length - 1 - level] === 'CrossAttnUpBlock2D' ||
        (level === channels.length - 1 && config.mid_block_type !== null);
      const count = typeof heads === 'number' ? heads : (heads[level] ?? 1);
      if (attends && width % count !== 0)
        complain('attention_head_dim', `${count} heads cannot share ${width} channels`);
    });
    if (config.addition_embed_type !== null) {
      for (const name of [
        'addition_time_embed_dim',
        'projection_class_embeddings_input_dim',
      ] as const)
        if (config[name] === null) complain(name, 'expected a number beside addition_embed_type');
    }
  });

/** @see unetConfigSchema */
export type UnetConfig = z.infer<typeof unetConfigSchema>;

/** @see diffusers `src/diffusers/models/autoencoders/autoencoder_kl.py` */
export const vaeConfigSchema = z
  .looseObject({
    _class_name: oneOf('AutoencoderKL').optional(),
    in_channels: oneOf(3).default(3),
    out_channels: oneOf(3).default(3),
    down_block_types: z.array(oneOf('DownEncoderBlock2D')).min(1).default(['DownEncoderBlock2D']),
    up_block_types: z.array(oneOf('UpDecoderBlock2D')).min(1).default(['UpDecoderBlock2D']),
    block_out_channels: z.array(count).min(1).max(MAX_LEVELS).default([64]),
    layers_per_block: depth.default(1),
    act_fn: activation,
    latent_channels: count.default(4),
    norm_num_groups: count.default(32),
    sample_size: z.union([side, z.array(side).length(2)]).default(32),
    /** Latents are multiplied by this on their way to the UNet. */
    scaling_factor: z.number().positive().default(0.18215),
    /** The pipelines of this family do not read it, those of flow matching do. */
    shift_factor: oneOf(null, 0).default(null),
    /** Of each channel; before they are scaled, latents are brought to mean 0 and deviation 1 with these. */
    latents_mean: z.array(z.number()).nullable().default(null),
    latents_std: z.array(z.number().positive()).nullable().default(null),
    force_upcast: z.boolean().default(true),
    use_quant_conv: z.boolean().default(true),
    use_post_quant_conv: z.boolean().default(true),
    mid_block_add_attention: z.boolean().default(true),
  })
  .superRefine((config, context) => {
    const { block_out_channels: channels, down_block_types, up_block_types } = config;
    const complain = complaints(context);
    for (const [name, list] of Object.entries({ down_block_types, up_block_types })) {
      if (list.length !== channels.length)
        complain(name, `expected ${channels.length} entries, one for each of block_out_channels`);
    }
    requireMultiples(channels, config.norm_num_groups, 'norm_num_groups', complain);
    const { latents_mean, latents_std, latent_channels } = config;
    for (const [name, list] of Object.entries({ latents_mean, latents_std })) {
      if ((list ?? latents_mean ?? latents_std) === null) continue;
      if (list?.length !== latent_channels)
        complain(name, `expected ${latent_channels} numbers, one for each of latent_channels`);
    }
  });

/** @see vaeConfigSchema */
export type VaeConfig = z.infer<typeof vaeConfigSchema>;

/** @see transformers `CLIPTextConfig` */
export const clipTextConfigSchema = z
  .looseObject({
    model_type: oneOf('clip_text_model', 'clip').optional(),
    hidden_size: count.default(512),
    intermediate_size: count.default(2048),
    num_hidden_layers: depth.default(12),
    num_attention_heads: count.default(8),
    hidden_act: oneOf('quick_gelu', 'gelu').default('quick_gelu'),
    attention_dropout: noDropout,
    vocab_size: z.int().positive().max(1_000_000).default(49408),
    max_position_embeddings: z.int().positive().max(1_024).default(77),
    layer_norm_eps: z.number().positive().default(1e-5),
    bos_token_id: z.int().nullable().default(49406),
    /** 2 in old checkpoints, where the end token is the largest id of its row instead. */
    eos_token_id: z.int().nullable().default(49407),
    pad_token_id: z.int().nullable().default(1),
    /** Width of the pooled output where the encoder has a `text_projection`. */
    projection_dim: count.default(512),
  })
  .superRefine(({ hidden_size, num_attention_heads }, context) => {
    if (hidden_size % num_attention_heads !== 0) {
      complaints(context)(
        'num_attention_heads',
        `${num_attention_heads} heads cannot share hidden_size ${hidden_size}`,
      );
    }
  });

/** @see clipTextConfigSchema */
export type ClipTextConfig = z.infer<typeof clipTextConfigSchema>;

type Complain = (field: string, message: string) => void;

function complaints(context: z.core.$RefinementCtx): Complain {
  return (field, message) => context.addIssue({ code: 'custom', path: [field], message });
}

/** Settings that may be one for all levels or a list, where they are a list. */
function perLevelLists(config: Record<string, unknown>): Record<string, readonly unknown[]> {
  const names = [
    'layers_per_block',
    'cross_attention_dim',
    'transformer_layers_per_block',
    'attention_head_dim',
  ];
  const lists: Record<string, readonly unknown[]> = {};
  for (const name of names) {
    const setting = config[name];
    if (Array.isArray(setting)) lists[name] = setting;
  }
  return lists;
}

function requireMultiples(
  channels: readonly number[],
  groups: number,
  field: string,
  complain: Complain,
): void {
  const misfit = channels.find((width) => width % groups !== 0);
  if (misfit !== undefined)
    complain(field, `${misfit} channels cannot be split into ${groups} groups`);
}
