import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { loraShapes } from '../../tensor/nn/lora.ts';
import { Philox } from '../../tensor/random/philox.ts';
import { float16ToFloat32, float32ToFloat16 } from '../weights/half.ts';
import { clipTextConfigSchema, unetConfigSchema } from '../weights/model-configs.ts';
import {
  readSafetensorsHeader,
  readTensorFloat32,
  type TensorData,
  writeSafetensors,
} from '../weights/safetensors.ts';
import type { LoraAdapter } from './adapter.ts';
import { readLora, writeLora } from './files.ts';
import { LORA_TARGETS, listLoraLayers } from './layers.ts';
import { LORA_NAMINGS } from './names.ts';

const root = mkdtempSync(path.join(tmpdir(), 'rendition-lora-'));
afterAll(() => rmSync(root, { recursive: true }));
const file = path.join(root, 'adapter.safetensors');

const unet = {
  config: unetConfigSchema.parse({
    block_out_channels: [8, 16],
    down_block_types: ['CrossAttnDownBlock2D', 'DownBlock2D'],
    up_block_types: ['UpBlock2D', 'CrossAttnUpBlock2D'],
    layers_per_block: 1,
    attention_head_dim: 2,
    cross_attention_dim: 16,
    norm_num_groups: 4,
  }),
};
const textEncoder = {
  config: clipTextConfigSchema.parse({
    vocab_size: 40,
    hidden_size: 16,
    intermediate_size: 32,
    num_hidden_layers: 1,
    num_attention_heads: 2,
  }),
};
const configs = { unet, textEncoder };

/** Every kind of layer, with a rank and an alpha of its own here and there. */
const adapter: LoraAdapter = listLoraLayers(configs, {
  rank: 4,
  alpha: 6,
  targets: LORA_TARGETS,
  trainTextEncoder: true,
}).map((layer, i) => {
  const rank = i % 5 === 0 ? 2 : 4;
  const alpha = i % 7 === 0 ? 3 : 6;
  const shapes = loraShapes(layer.weightShape, rank);
  const values = (shape: readonly number[], stream: number) =>
    new Philox(i, stream).normals(shape.reduce((product, size) => product * size, 1));
  return { ...layer, rank, alpha, down: values(shapes.down, 1), up: values(shapes.up, 2) };
});

/** Writes the adapter, then the file again with its tensors changed. */
function rewrite(change: (tensors: TensorData[]) => TensorData[], metadata?: object): void {
  writeLora(file, adapter, { naming: 'diffusers', dtype: 'F32' });
  const header = readSafetensorsHeader(file);
  const tensors = [...header.entries.values()].map((entry) => ({
    name: entry.name,
    dtype: 'F32' as const,
    shape: entry.shape,
    data: readTensorFloat32(entry),
  }));
  writeSafetensors(file, change(tensors), { ...header.metadata, ...metadata });
}

test.each(LORA_NAMINGS)('with names of %s an adapter is read as it was written', (naming) => {
  writeLora(file, adapter, { naming, dtype: 'F32' });
  expect(readLora(file, configs)).toEqual(adapter);
});

test('a half-precision file keeps every value that half precision has', () => {
  const halves = adapter.map((layer) => ({
    ...layer,
    down: float16ToFloat32(float32ToFloat16(layer.down)),
    up: float16ToFloat32(float32ToFloat16(layer.up)),
  }));
  writeLora(file, halves, { naming: 'kohya', dtype: 'F16' });
  expect(readLora(file, configs)).toEqual(halves);
});

test('tensors are called as diffusers and kohya call them', () => {
  const names = (naming: 'diffusers' | 'kohya') => {
    writeLora(file, adapter, { naming, dtype: 'F16' });
    return [...readSafetensorsHeader(file).entries.values()].map(
      ({ name, shape }) => `${name} [${shape}]`,
    );
  };
  const block = 'down_blocks.0.attentions.0.transformer_blocks.0';
  const layer = 'text_model.encoder.layers.0';
  expect(names('diffusers')).toEqual(
    expect.arrayContaining([
      `unet.${block}.attn2.to_k.lora_A.weight [4,16]`,
      `unet.${block}.attn1.to_out.0.lora_B.weight [8,4]`,
      `unet.down_blocks.0.resnets.0.conv2.lora_A.weight [4,8,3,3]`,
      `text_encoder.${layer}.self_attn.out_proj.lora_B.weight [16,4]`,
    ]),
  );
  const underscored = block.replaceAll('.', '_');
  expect(names('kohya')).toEqual(
    expect.arrayContaining([
      `lora_unet_${underscored}_attn2_to_k.lora_down.weight [4,16]`,
      `lora_unet_${underscored}_attn1_to_out_0.lora_up.weight [8,4]`,
      `lora_unet_${underscored}_attn2_to_k.alpha []`,
      `lora_unet_down_blocks_0_resnets_0_conv2.lora_up.weight [8,4,1,1]`,
      'lora_te_text_model_encoder_layers_0_self_attn_out_proj.lora_up.weight [16,4]',
    ]),
  );
});

test("older spellings of diffusers' are read, and alpha is the rank where no file says it", () => {
  rewrite(
    (tensors) =>
      tensors.map((tensor) => ({
        ...tensor,
        name: tensor.name
          .replace(/^(unet\..*)\.lora_A\./, '$1.lora.down.')
          .replace(/^(unet\..*)\.lora_B\./, '$1.lora.up.')
          .replace(
            /^text_encoder\.text_model\.(.*)\.lora_A\./,
            'text_encoder.$1.lora_linear_layer.down.',
          )
          .replace(
            /^text_encoder\.text_model\.(.*)\.lora_B\./,
            'text_encoder.$1.lora_linear_layer.up.',
          ),
      })),
    { lora_adapter_metadata: '{}' },
  );
  expect(readLora(file, configs)).toEqual(
    adapter.map((layer) => ({ ...layer, alpha: layer.rank })),
  );
});

test('a 1×1 convolution may be written as a matrix', () => {
  rewrite((tensors) =>
    tensors.map((tensor) =>
      tensor.shape.length === 4 && tensor.shape[3] === 1
        ? { ...tensor, shape: tensor.shape.slice(0, 2) }
        : tensor,
    ),
  );
  expect(readLora(file, configs)).toEqual(adapter);
});

test('an adapter of SDXL names both encoders; what its first one does not use is left out', () => {
  const sdxl = {
    unet: {
      config: unetConfigSchema.parse({
        ...unet.config,
        cross_attention_dim: 32,
        addition_embed_type: 'text_time',
        addition_time_embed_dim: 8,
        projection_class_embeddings_input_dim: 64,
      }),
    },
    textEncoder: { config: { ...textEncoder.config, num_hidden_layers: 2 } },
    textEncoder2: { config: { ...textEncoder.config, num_hidden_layers: 2, projection_dim: 16 } },
  };
  const targets = ['attention'] as const;
  const layers = listLoraLayers(sdxl, { rank: 4, alpha: 6, targets, trainTextEncoder: true });
  const written = layers.map((layer) => {
    const { down, up } = loraShapes(layer.weightShape, 4);
    const zeros = (shape: readonly number[]) =>
      new Float32Array(shape.reduce((product, size) => product * size, 1));
    return { ...layer, down: zeros(down), up: zeros(up) };
  });
  const unused = written
    .filter(({ module }) => module.startsWith('text_encoder.'))
    .map((layer) => ({ ...layer, module: layer.module.replace('.layers.0.', '.layers.1.') }));
  expect(unused).toHaveLength(4);
  for (const naming of LORA_NAMINGS) {
    writeLora(file, [...written, ...unused], { naming, dtype: 'F32' });
    expect(readLora(file, sdxl)).toEqual(written);
  }
  expect([...readSafetensorsHeader(file).entries.keys()]).toEqual(
    expect.arrayContaining([
      'lora_te1_text_model_encoder_layers_1_self_attn_q_proj.lora_down.weight',
      'lora_te2_text_model_encoder_layers_1_self_attn_q_proj.alpha',
    ]),
  );
});

const toQ = 'unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q';
const renamed = (from: string, to: string) => (tensors: TensorData[]) =>
  tensors.map((tensor) => (tensor.name === from ? { ...tensor, name: to } : tensor));

test.each([
  {
    what: 'a tensor of another model',
    change: renamed(`${toQ}.lora_A.weight`, 'transformer.blocks.0.attn.to_q.lora_A.weight'),
    names: 'transformer.blocks.0.attn.to_q.lora_A.weight',
  },
  {
    what: "a layer's magnitude, as DoRA has it",
    change: renamed(`${toQ}.lora_A.weight`, `${toQ}.lora_magnitude_vector`),
    names: `${toQ}.lora_magnitude_vector`,
  },
  {
    what: 'a matrix without its counterpart',
    change: (tensors: TensorData[]) =>
      tensors.filter(({ name }) => name !== `${toQ}.lora_B.weight`),
    names: `${toQ}.lora_A.weight stands alone`,
  },
  {
    what: 'a matrix of another width',
    change: (tensors: TensorData[]) =>
      tensors.map((tensor) =>
        tensor.name === `${toQ}.lora_B.weight`
          ? { ...tensor, shape: [4, 8], data: tensor.data }
          : tensor,
      ),
    names: `${toQ}.lora_B.weight has shape [4,8]`,
  },
  {
    what: 'two spellings of one tensor',
    change: (tensors: TensorData[]) => [
      ...tensors,
      ...tensors
        .filter(({ name }) => name === `${toQ}.lora_A.weight`)
        .map((tensor) => ({ ...tensor, name: `${toQ}.lora.down.weight` })),
    ],
    names: `${toQ}.lora.down.weight`,
  },
])('$what is refused by its name', ({ change, names }) => {
  rewrite(change);
  expect(() => readLora(file, configs)).toThrow(names);
});

test('settings that change what an adapter means are refused', () => {
  rewrite((tensors) => tensors, { lora_adapter_metadata: '{"unet.use_rslora":true}' });
  expect(() => readLora(file, configs)).toThrow('unet.use_rslora');
  rewrite((tensors) => tensors, { lora_adapter_metadata: '[' });
  expect(() => readLora(file, configs)).toThrow('lora_adapter_metadata is not a JSON object');
});
