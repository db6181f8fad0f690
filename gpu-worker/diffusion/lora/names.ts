/** @file How files spell an adapter's tensors: diffusers and PEFT with dots, kohya with underscores. */
import { TEXT_ENCODER, TEXT_ENCODER_2, UNET } from '../training/denoising-loss.ts';
import { modelOf } from './adapter.ts';

/** Families of spellings. */
export const LORA_NAMINGS = ['diffusers', 'kohya'] as const;
export type LoraNaming = (typeof LORA_NAMINGS)[number];

/** What a tensor of an adapter is. */
export type TensorRole = 'down' | 'up' | 'alpha';

/** Ends of names, as PEFT, diffusers and kohya write them. */
const ROLES: Readonly<Record<string, TensorRole>> = {
  '.lora_A.weight': 'down',
  '.lora_B.weight': 'up',
  '.lora.down.weight': 'down',
  '.lora.up.weight': 'up',
  '.lora_linear_layer.down.weight': 'down',
  '.lora_linear_layer.up.weight': 'up',
  '.lora_down.weight': 'down',
  '.lora_up.weight': 'up',
  '.alpha': 'alpha',
};

/** Takes a tensor's name apart, or gives undefined where no spelling ends so. */
export function splitTensorName(name: string): { layer: string; role: TensorRole } | undefined {
  const found = Object.entries(ROLES).find(([end]) => name.endsWith(end));
  return found && { layer: name.slice(0, -found[0].length), role: found[1] };
}

/** Names of a layer's tensors in a file. */
export function tensorNames(
  module: string,
  naming: LoraNaming,
  hasTwoEncoders: boolean,
): Record<TensorRole, string> {
  if (naming === 'diffusers') {
    return {
      down: `${module}.lora_A.weight`,
      up: `${module}.lora_B.weight`,
      alpha: `${module}.alpha`,
    };
  }
  const layer = kohyaLayer(module, hasTwoEncoders ? 'lora_te1' : 'lora_te');
  return {
    down: `${layer}.lora_down.weight`,
    up: `${layer}.lora_up.weight`,
    alpha: `${layer}.alpha`,
  };
}

function kohyaLayer(module: string, firstEncoder: string): string {
  const prefixes: Record<string, string> = {
    [UNET]: 'lora_unet',
    [TEXT_ENCODER]: firstEncoder,
    [TEXT_ENCODER_2]: 'lora_te2',
  };
  const model = modelOf(module);
  return `${prefixes[model]}_${module.slice(model.length + 1).replaceAll('.', '_')}`;
}

/** Every spelling of a layer that files are known to have. */
export function layerSpellings(module: string): string[] {
  return [
    module,
    `${modelOf(module)}.${shortModule(module)}`,
    kohyaLayer(module, 'lora_te'),
    kohyaLayer(module, 'lora_te1'),
  ];
}

/** A module within its model; newer text encoders lack the outer `text_model`. */
export const shortModule = (module: string): string =>
  module.slice(modelOf(module).length + 1).replace(/^text_model\./, '');
