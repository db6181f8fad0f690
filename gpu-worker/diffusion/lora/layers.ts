/** @file Which layers of a checkpoint's models can carry an adapter, and which of them a training asks for. */
import { type DenoiserConfigs, listDenoiserParameters } from '../training/denoising-loss.ts';
import { type AdaptableLayer, type LoraLayer, modelOf } from './adapter.ts';

/** Kinds of layers, by the ends of their names. */
const TARGETS = {
  attention: /\.(to_[qkv]|to_out\.0|[qkv]_proj|out_proj)$/,
  'feed-forward': /\.(ff\.net\.0\.proj|ff\.net\.2|proj_in|proj_out|mlp\.fc[12])$/,
  convolution: /\.(conv[12]|conv_shortcut|(down|up)samplers\.\d+\.conv)$/,
} as const;
export type LoraTarget = keyof typeof TARGETS;
export const LORA_TARGETS = Object.keys(TARGETS) as LoraTarget[];

/** Every linear layer and convolution of UNet and text encoders, in the models' order. */
export function listAdaptableLayers(configs: DenoiserConfigs): AdaptableLayer[] {
  return listDenoiserParameters(configs, true)
    .filter(({ name, shape }) => shape.length >= 2 && !name.includes('_embedding.weight'))
    .map(({ name, shape }) => ({ module: name.replace(/\.weight$/, ''), weightShape: shape }));
}

export interface LoraOptions {
  rank: number;
  alpha: number;
  targets: readonly LoraTarget[];
  trainTextEncoder: boolean;
}

/** The layers that a training puts adapters beside. */
export function listLoraLayers(configs: DenoiserConfigs, options: LoraOptions): LoraLayer[] {
  const { rank, alpha, targets, trainTextEncoder } = options;
  return listAdaptableLayers(configs)
    .filter(({ module }) => targets.some((target) => TARGETS[target].test(module)))
    .filter(({ module }) => trainTextEncoder || modelOf(module) === 'unet')
    .map((layer) => ({ ...layer, rank, alpha }));
}
