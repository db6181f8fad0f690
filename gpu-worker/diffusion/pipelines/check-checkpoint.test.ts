import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { writeTinyCheckpoint } from '../../testing/tiny-checkpoint.ts';
import {
  type CheckpointModel,
  openCheckpoint,
  type UnetConfig,
} from '../weights/diffusers-checkpoint.ts';
import {
  clipTextConfigSchema,
  unetConfigSchema,
  vaeConfigSchema,
} from '../weights/model-configs.ts';
import {
  readSafetensorsHeader,
  readTensorFloat32,
  type TensorData,
  type TensorEntry,
  writeSafetensors,
} from '../weights/safetensors.ts';
import { checkCheckpoint } from './check-checkpoint.ts';

const root = mkdtempSync(path.join(tmpdir(), 'rendition-check-'));
afterAll(() => rmSync(root, { recursive: true }));
const bases = {
  sd1: writeTinyCheckpoint(path.join(root, 'sd1'), { seed: 1 }),
  sdxl: writeTinyCheckpoint(path.join(root, 'sdxl'), { seed: 1, family: 'sdxl' }),
};

const UNET = 'unet/diffusion_pytorch_model.safetensors';
const TEXT_2 = 'text_encoder_2/model.safetensors';

type Change = (dir: string) => void;

/** Changes fields of a JSON file. */
const fields =
  (file: string, change: object): Change =>
  (dir) => {
    const json = JSON.parse(readFileSync(path.join(dir, file), 'utf8'));
    writeFileSync(path.join(dir, file), JSON.stringify({ ...json, ...change }));
  };

/** Writes a file of tensors again. */
const tensors =
  (file: string, change: (list: TensorData[]) => TensorData[]): Change =>
  (dir) => {
    const { entries } = readSafetensorsHeader(path.join(dir, file));
    const list = [...entries.values()].map(({ name, shape, ...entry }) => ({
      name,
      dtype: 'F32' as const,
      shape,
      data: readTensorFloat32({ name, shape, ...entry }),
    }));
    writeSafetensors(path.join(dir, file), change(list));
  };

const without = (name: string) => (list: TensorData[]) =>
  list.filter((tensor) => tensor.name !== name);

describe('a checkpoint is refused', () => {
  it.each<[string, keyof typeof bases, Change, RegExp]>([
    [
      'where the UNet lacks a tensor',
      'sd1',
      tensors(UNET, without('mid_block.attentions.0.proj_in.weight')),
      /the checkpoint has no tensor unet\.mid_block\.attentions\.0\.proj_in\.weight, expected \[16,16,1,1\]/,
    ],
    [
      'where the second text encoder lacks its projection',
      'sdxl',
      tensors(TEXT_2, without('text_projection.weight')),
      /the checkpoint has no tensor text_encoder_2\.text_projection\.weight, expected \[24,24\]/,
    ],
    [
      'where the autoencoder has another width than its config says',
      'sd1',
      fields('vae/config.json', { block_out_channels: [8, 8, 16] }),
      /vae\/\S+: tensor vae\.encoder\.\S+ has shape \[8,8,3,3\], the model expects \[16,8,3,3\]/,
    ],
    [
      'where a tensor holds integers',
      'sd1',
      tensors(UNET, (list) =>
        list.map((tensor) =>
          tensor.name === 'conv_in.bias'
            ? { ...tensor, dtype: 'I32', data: new Int32Array(tensor.data.length) }
            : tensor,
        ),
      ),
      /tensor unet\.conv_in\.bias is I32, expected F32, F16, BF16/,
    ],
    [
      'where an inpainting UNet wants more than latents',
      'sd1',
      fields('unet/config.json', { in_channels: 9 }),
      /unet\/config\.json: in_channels is 9, latents have 4/,
    ],
    [
      'where the text encoder is of another family',
      'sd1',
      fields('unet/config.json', { cross_attention_dim: 24 }),
      /cross_attention_dim is 24, the text encoders' states have width 16/,
    ],
    [
      'where the second text encoder is missing',
      'sdxl',
      fields('model_index.json', { text_encoder_2: [null, null] }),
      /model_index\.json: expected a component "text_encoder_2"/,
    ],
    [
      'where the UNet has no use for a second text encoder',
      'sdxl',
      fields('unet/config.json', { addition_embed_type: null }),
      /expected addition_embed_type "text_time"/,
    ],
    [
      'where the pooled text has another width',
      'sdxl',
      fields('unet/config.json', { projection_class_embeddings_input_dim: 80 }),
      /projection_class_embeddings_input_dim is 80, pooled text and sizes have width 72/,
    ],
  ])('%s', (name, family, change, message) => {
    const dir = path.join(root, name.replaceAll(' ', '-'));
    cpSync(bases[family], dir, { recursive: true });
    expect(() => checkCheckpoint(openCheckpoint(dir))).not.toThrow();
    change(dir);
    expect(() => checkCheckpoint(openCheckpoint(dir))).toThrow(message);
  });
});

const MANIFESTS = new URL('../../../../shared/data/manifests/', import.meta.url).pathname;
const available = existsSync(MANIFESTS);
if (!available && process.env.CI === 'true') throw new Error(`expected shapes at ${MANIFESTS}`);

describe.skipIf(!available)(
  "published models' names and shapes, in ../shared/data/manifests",
  () => {
    /** A model whose file is its manifest. */
    function published<Config>(name: string, config: Config): CheckpointModel<Config> {
      const shapes: Record<string, number[]> = JSON.parse(
        readFileSync(`${MANIFESTS}${name}.json`, 'utf8'),
      );
      const entries = Object.entries(shapes).map(([tensor, shape]): [string, TensorEntry] => [
        tensor,
        { name: tensor, dtype: 'F16', shape, file: '/', offset: 0, byteLength: 0 },
      ]);
      return { config, tensors: new Map(entries) };
    }

    const vae = published(
      'sd_vae',
      vaeConfigSchema.parse({
        block_out_channels: [128, 256, 512, 512],
        down_block_types: Array(4).fill('DownEncoderBlock2D'),
        up_block_types: Array(4).fill('UpDecoderBlock2D'),
        layers_per_block: 2,
      }),
    );
    const clipL = {
      hidden_size: 768,
      intermediate_size: 3072,
      num_hidden_layers: 12,
      num_attention_heads: 12,
    };
    const sdxl: Partial<UnetConfig> = {
      block_out_channels: [320, 640, 1280],
      down_block_types: ['DownBlock2D', 'CrossAttnDownBlock2D', 'CrossAttnDownBlock2D'],
      up_block_types: ['CrossAttnUpBlock2D', 'CrossAttnUpBlock2D', 'UpBlock2D'],
      transformer_layers_per_block: [1, 2, 10],
      attention_head_dim: [5, 10, 20],
      cross_attention_dim: 2048,
      use_linear_projection: true,
      addition_embed_type: 'text_time',
      addition_time_embed_dim: 256,
      projection_class_embeddings_input_dim: 2816,
    };
    const frame = { dir: '/', hash: '', scheduler: openCheckpoint(bases.sd1).scheduler };

    it('of Stable Diffusion 1.5 fit', () => {
      checkCheckpoint({
        ...frame,
        forceZerosForEmptyPrompt: false,
        unet: published('sd15_unet', unetConfigSchema.parse({ cross_attention_dim: 768 })),
        vae,
        textEncoder: published('clip_l_text', clipTextConfigSchema.parse(clipL)),
      });
    });

    it('of Stable Diffusion XL fit', () => {
      const bigG = {
        hidden_size: 1280,
        intermediate_size: 5120,
        num_hidden_layers: 32,
        num_attention_heads: 20,
        projection_dim: 1280,
        hidden_act: 'gelu',
      };
      checkCheckpoint({
        ...frame,
        forceZerosForEmptyPrompt: true,
        unet: published('sdxl_unet', unetConfigSchema.parse(sdxl)),
        vae,
        textEncoder: published('clip_l_text', clipTextConfigSchema.parse(clipL)),
        textEncoder2: published('openclip_bigG_text_sdxl', clipTextConfigSchema.parse(bigG)),
      });
    });
  },
);
