/** @file Which layers of a checkpoint's models can carry an adapter, and which of them a training asks for. */
import { scoped } from '../../tensor/nn/weights.ts';
import { buildClipTextModel } from '../models/clip-text-model.ts';
import { listParameters, type ParameterShape } from '../models/list-parameters.ts';
import {
  type DenoiserConfigs,
  listDenoiserParameters,
  TEXT_ENCODER,
} from '../training/denoising-loss.ts';
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
  return adaptable(listDenoiserParameters(configs, true));
}

/** The last layer of SDXL's first text encoder: files may hold adapters of it, and nothing uses it. */
export function listUnusedLayers({ textEncoder, textEncoder2 }: DenoiserConfigs): AdaptableLayer[] {
  if (!textEncoder2) return [];
  const { config } = textEncoder;
  const parameters = listParameters((weights, input) => {
    buildClipTextModel(scoped(weights, TEXT_ENCODER), config, input('int32', [1, 1]));
  });
  const last = `.layers.${config.num_hidden_layers - 1}.`;
  return adaptable(parameters.filter(({ name }) => name.includes(last)));
}

const adaptable = (parameters: readonly ParameterShape[]): AdaptableLayer[] =>
  parameters
    .filter(({ name, shape }) => shape.length >= 2 && !name.includes('_embedding.weight'))
    .map(({ name, shape }) => ({ module: name.replace(/\.weight$/, ''), weightShape: shape }));

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
