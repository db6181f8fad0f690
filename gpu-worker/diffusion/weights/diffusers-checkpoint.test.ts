import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openCheckpoint } from './diffusers-checkpoint.ts';
import { readTensorFloat32, type TensorEntry, writeSafetensors } from './safetensors.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'checkpoint-'));
afterAll(() => rmSync(folder, { recursive: true }));

function weights(dir: string, name: string, ...tensorNames: string[]) {
  writeSafetensors(
    path.join(dir, name),
    tensorNames.map((tensorName, i) => ({
      name: tensorName,
      dtype: 'F32',
      shape: [1],
      data: Float32Array.of(i),
    })),
  );
}

/** The smallest folder that opens; every config is empty, so every default shows. */
function makeCheckpoint(name: string): string {
  const dir = path.join(folder, name);
  for (const component of ['unet', 'vae', 'text_encoder', 'scheduler']) {
    mkdirSync(path.join(dir, component), { recursive: true });
    const config = component === 'scheduler' ? 'scheduler_config.json' : 'config.json';
    writeFileSync(path.join(dir, component, config), '{}');
  }
  const index = {
    unet: ['diffusers', 'UNet2DConditionModel'],
    vae: ['diffusers', 'AutoencoderKL'],
  };
  writeFileSync(
    path.join(dir, 'model_index.json'),
    JSON.stringify({ ...index, text_encoder: ['transformers', ''], scheduler: ['diffusers', ''] }),
  );
  weights(path.join(dir, 'unet'), 'diffusion_pytorch_model.safetensors', 'conv_in.weight');
  weights(path.join(dir, 'vae'), 'diffusion_pytorch_model.safetensors', 'encoder.conv_in.weight');
  weights(path.join(dir, 'text_encoder'), 'model.safetensors', 'text_model.x.weight');
  return dir;
}

describe('openCheckpoint', () => {
  it('fills in what diffusers and transformers assume where a config is silent', () => {
    const { unet, vae, textEncoder, scheduler } = openCheckpoint(makeCheckpoint('defaults'));
    expect(unet.config).toMatchObject({
      block_out_channels: [320, 640, 1280, 1280],
      layers_per_block: 2,
      attention_head_dim: 8,
      cross_attention_dim: 1280,
      mid_block_type: 'UNetMidBlock2DCrossAttn',
      flip_sin_to_cos: true,
      norm_eps: 1e-5,
    });
    expect(vae.config).toMatchObject({ latent_channels: 4, scaling_factor: 0.18215 });
    expect(textEncoder.config).toMatchObject({ hidden_size: 512, hidden_act: 'quick_gelu' });
    expect(scheduler).toMatchObject({ beta_schedule: 'linear', prediction_type: 'epsilon' });
    expect(scheduler.timestep_spacing).toBeUndefined();
  });

  it('brings old tensor names to the current spelling', () => {
    const dir = makeCheckpoint('names');
    const attention = 'encoder.mid_block.attentions.0';
    weights(
      path.join(dir, 'vae'),
      'diffusion_pytorch_model.safetensors',
      `${attention}.group_norm.weight`,
      `${attention}.query.weight`,
      `${attention}.key.bias`,
      `${attention}.value.weight`,
      `${attention}.proj_attn.bias`,
    );
    weights(
      path.join(dir, 'text_encoder'),
      'model.safetensors',
      'embeddings.position_ids',
      'embeddings.token_embedding.weight',
      'text_projection.weight',
      'vision_model.post_layernorm.weight',
    );
    const { vae, textEncoder } = openCheckpoint(dir);
    expect([...vae.tensors.keys()].sort()).toEqual([
      `${attention}.group_norm.weight`,
      `${attention}.to_k.bias`,
      `${attention}.to_out.0.bias`,
      `${attention}.to_q.weight`,
      `${attention}.to_v.weight`,
    ]);
    expect([...textEncoder.tensors.keys()].sort()).toEqual([
      'text_model.embeddings.token_embedding.weight',
      'text_projection.weight',
    ]);
    const value = vae.tensors.get(`${attention}.to_v.weight`) as TensorEntry;
    expect(value.name).toBe(`${attention}.to_v.weight`);
    expect([...readTensorFloat32(value)]).toEqual([3]);
  });

  it('reads a text config that lies inside a whole CLIP config', () => {
    const dir = makeCheckpoint('nested');
    writeFileSync(
      path.join(dir, 'text_encoder/config.json'),
      JSON.stringify({ projection_dim: 9, text_config: { hidden_size: 24 } }),
    );
    expect(openCheckpoint(dir).textEncoder.config.hidden_size).toBe(24);
  });

  it("reads Python's words for numbers that JSON has not", () => {
    const dir = makeCheckpoint('infinity');
    const text = '{\n  "lambda_min_clipped": -Infinity,\n  "steps_offset": 1\n}';
    writeFileSync(path.join(dir, 'scheduler/scheduler_config.json'), text);
    expect(openCheckpoint(dir).scheduler).toMatchObject({
      lambda_min_clipped: null,
      steps_offset: 1,
    });
  });

  it('takes shards, and float16 where there is no full precision', () => {
    const dir = makeCheckpoint('shards');
    rmSync(path.join(dir, 'unet/diffusion_pytorch_model.safetensors'));
    weights(path.join(dir, 'unet'), 'part-1.safetensors', 'a', 'b');
    weights(path.join(dir, 'unet'), 'part-2.safetensors', 'c');
    const weight_map = {
      a: 'part-1.safetensors',
      b: 'part-1.safetensors',
      c: 'part-2.safetensors',
    };
    const indexFile = path.join(dir, 'unet/diffusion_pytorch_model.safetensors.index.json');
    writeFileSync(indexFile, JSON.stringify({ weight_map }));
    renameSync(
      path.join(dir, 'vae/diffusion_pytorch_model.safetensors'),
      path.join(dir, 'vae/diffusion_pytorch_model.fp16.safetensors'),
    );
    const { unet, vae } = openCheckpoint(dir);
    expect([...unet.tensors.keys()]).toEqual(['a', 'b', 'c']);
    expect(vae.tensors.has('encoder.conv_in.weight')).toBe(true);
  });

  it('takes float16 shards of a text encoder, and stands on the index for the hash', () => {
    const dir = makeCheckpoint('text-shards');
    const text = path.join(dir, 'text_encoder');
    rmSync(path.join(text, 'model.safetensors'));
    weights(text, 'model.fp16-00001-of-00002.safetensors', 'text_model.a');
    weights(text, 'model.fp16-00002-of-00002.safetensors', 'text_model.b');
    const weight_map = {
      'text_model.a': 'model.fp16-00001-of-00002.safetensors',
      'text_model.b': 'model.fp16-00002-of-00002.safetensors',
    };
    const indexFile = path.join(text, 'model.safetensors.index.fp16.json');
    writeFileSync(indexFile, JSON.stringify({ weight_map }));
    const { textEncoder, hash } = openCheckpoint(dir);
    expect([...textEncoder.tensors.keys()]).toEqual(['text_model.a', 'text_model.b']);
    expect(textEncoder.tensors.get('text_model.b')?.file).toBe(
      path.join(text, 'model.fp16-00002-of-00002.safetensors'),
    );
    writeFileSync(indexFile, JSON.stringify({ metadata: {}, weight_map }));
    expect(openCheckpoint(dir).hash).not.toBe(hash);
  });

  it("follows a hub cache's links, and gives the real files", () => {
    const dir = makeCheckpoint('snapshot');
    const blobs = path.join(folder, 'blobs');
    mkdirSync(blobs);
    const unetFile = path.join(dir, 'unet/diffusion_pytorch_model.safetensors');
    renameSync(unetFile, path.join(blobs, '0123abc'));
    symlinkSync('../../blobs/0123abc', unetFile);
    const entry = openCheckpoint(dir).unet.tensors.get('conv_in.weight');
    expect(entry?.file).toBe(path.join(blobs, '0123abc'));
  });

  it('reads the list of class nouns and finds a tokenizer only where it is whole', () => {
    const dir = makeCheckpoint('nouns');
    expect(openCheckpoint(dir)).not.toHaveProperty('classNouns');
    writeFileSync(path.join(dir, 'class_nouns.json'), '["cat", "stuffed animal"]');
    mkdirSync(path.join(dir, 'tokenizer'));
    writeFileSync(path.join(dir, 'tokenizer/vocab.json'), '{}');
    expect(openCheckpoint(dir)).not.toHaveProperty('tokenizerDir');
    writeFileSync(path.join(dir, 'tokenizer/merges.txt'), '');
    const checkpoint = openCheckpoint(dir);
    expect(checkpoint.classNouns).toEqual(['cat', 'stuffed animal']);
    expect(checkpoint.tokenizerDir).toBe(path.join(checkpoint.dir, 'tokenizer'));
  });

  it('hashes contents, not places', () => {
    const dir = makeCheckpoint('hash');
    const copy = path.join(folder, 'hash-copy');
    cpSync(dir, copy, { recursive: true });
    const { hash } = openCheckpoint(dir);
    expect(hash).toMatch(/^[0-9a-f]{16}$/);
    expect(openCheckpoint(copy).hash).toBe(hash);
    weights(path.join(copy, 'unet'), 'diffusion_pytorch_model.safetensors', 'conv_in.weight', 'b');
    expect(openCheckpoint(copy).hash).not.toBe(hash);
  });
});

describe('a folder that cannot be used is refused with what was expected', () => {
  it.each<[string, (dir: string) => void, RegExp]>([
    ['no-index', (dir) => rmSync(path.join(dir, 'model_index.json')), /expected model_index\.json/],
    [
      'no-vae',
      (dir) => writeFileSync(path.join(dir, 'model_index.json'), '{"unet": ["diffusers", "x"]}'),
      /model_index\.json: expected a component "vae"/,
    ],
    [
      'no-config',
      (dir) => rmSync(path.join(dir, 'unet/config.json')),
      /unet\/config\.json: expected this file/,
    ],
    [
      'bad-field',
      (dir) => writeFileSync(path.join(dir, 'unet/config.json'), '{"layers_per_block": "two"}'),
      /unet\/config\.json: [\s\S]*layers_per_block/,
    ],
    [
      'unsupported',
      (dir) =>
        writeFileSync(path.join(dir, 'unet/config.json'), '{"class_embed_type": "timestep"}'),
      /unet\/config\.json: [\s\S]*"timestep" is not supported, expected null[\s\S]*class_embed_type/,
    ],
    ...[
      ['unet', 'resnet_time_scale_shift', 'scale_shift'],
      ['unet', 'dual_cross_attention', true],
      ['unet', 'only_cross_attention', [true, false]],
      ['unet', 'class_embeddings_concat', true],
      ['unet', 'time_embedding_type', 'fourier'],
      ['unet', 'time_cond_proj_dim', 256],
      ['unet', 'encoder_hid_dim', 768],
      ['unet', 'addition_embed_type', 'image'],
      ['unet', 'conv_in_kernel', 4],
      ['unet', 'dropout', 0.1],
      ['unet', 'act_fn', 'gelu'],
      ['unet', 'mid_block_type', 'UNetMidBlock2D'],
      ['unet', 'down_block_types', ['AttnDownBlock2D', 'DownBlock2D']],
      ['unet', '_class_name', 'UNetMotionModel'],
      ['vae', '_class_name', 'AutoencoderTiny'],
      ['vae', 'shift_factor', 0.1],
      ['vae', 'in_channels', 4],
      ['text_encoder', 'model_type', 't5'],
      ['text_encoder', 'hidden_act', 'relu'],
      ['text_encoder', 'attention_dropout', 0.1],
    ].map(([model, field, value]): [string, (dir: string) => void, RegExp] => {
      const shown = JSON.stringify(field === 'down_block_types' ? 'AttnDownBlock2D' : value);
      const named = `${shown.replaceAll(/[[\]]/g, '\\$&')} is not supported, expected`;
      return [
        `${model}: ${field} ${JSON.stringify(value)}`,
        (dir) => {
          const file = path.join(dir, `${model}/config.json`);
          writeFileSync(file, JSON.stringify({ [field as string]: value }));
        },
        new RegExp(`${model}/config\\.json: [\\s\\S]*${named}[\\s\\S]*at ${field}`),
      ];
    }),
    [
      'no-weights',
      (dir) => rmSync(path.join(dir, 'text_encoder/model.safetensors')),
      /text_encoder: expected model\.safetensors/,
    ],
    [
      'pickle',
      (dir) =>
        renameSync(
          path.join(dir, 'text_encoder/model.safetensors'),
          path.join(dir, 'text_encoder/pytorch_model.bin'),
        ),
      /text_encoder: expected model\.safetensors.*found pytorch_model\.bin is a pickle, .* save it as safetensors/,
    ],
    [
      'pickle-of-another-name',
      (dir) =>
        renameSync(
          path.join(dir, 'unet/diffusion_pytorch_model.safetensors'),
          path.join(dir, 'unet/weights.pth'),
        ),
      /unet: expected diffusion_pytorch_model\.safetensors.*found weights\.pth is a pickle/,
    ],
    [
      'pickle-in-disguise',
      (dir) =>
        writeFileSync(
          path.join(dir, 'unet/diffusion_pytorch_model.safetensors'),
          'PK\x03\x04 archive/data.pkl',
        ),
      /diffusion_pytorch_model\.safetensors: expected safetensors, found a pickle/,
    ],
    ...(
      [
        [
          '../vae/x.safetensors',
          /tensor a is said to be in "\.\.\/vae\/x\.safetensors"; expected the name of a file beside/,
        ],
        [
          '/etc/x.safetensors',
          /tensor a is said to be in "\/etc\/x\.safetensors"; expected the name/,
        ],
        ['C:\\x.safetensors', /tensor a is said to be in "C:.*; expected the name/],
        ['part.bin', /index\.json: part\.bin is a pickle/],
        ['part.txt', /tensor a is said to be in "part\.txt"; expected a \.safetensors file/],
        [
          'gone.safetensors',
          /expected shard gone\.safetensors beside it, with 1 tensors such as a/,
        ],
        [
          'there.safetensors',
          /there\.safetensors: expected tensor a, which the index says is here; found 1/,
        ],
      ] as const
    ).map(([shard, message]): [string, (dir: string) => void, RegExp] => [
      `shard ${shard.replaceAll(/\W/g, '-')}`,
      (dir) => {
        const unet = path.join(dir, 'unet');
        rmSync(path.join(unet, 'diffusion_pytorch_model.safetensors'));
        weights(unet, 'there.safetensors', 'b');
        writeFileSync(
          path.join(unet, 'diffusion_pytorch_model.safetensors.index.json'),
          JSON.stringify({ weight_map: { a: shard } }),
        );
      },
      message,
    ]),
    [
      'link-to-nowhere',
      (dir) => {
        const file = path.join(dir, 'vae/diffusion_pytorch_model.safetensors');
        rmSync(file);
        symlinkSync('../../blobs/gone', file);
      },
      /vae\/diffusion_pytorch_model\.safetensors: expected a safetensors file/,
    ],
    [
      'cut-off',
      (dir) => {
        const file = path.join(dir, 'vae/diffusion_pytorch_model.safetensors');
        truncateSync(file, statSync(file).size - 2);
      },
      /diffusion_pytorch_model\.safetensors: tensor encoder\.conv_in\.weight \(F32 \[1\]\) ends at byte \d+, file has \d+; the file is cut off/,
    ],
  ])('%s', (name, damage, message) => {
    const dir = makeCheckpoint(name);
    damage(dir);
    expect(() => openCheckpoint(dir)).toThrow(message);
  });

  it('a single-file pickle in place of a folder', () => {
    const file = path.join(folder, 'v1-5-pruned.ckpt');
    writeFileSync(file, 'PK');
    expect(() => openCheckpoint(file)).toThrow(/v1-5-pruned\.ckpt is a pickle/);
  });
});

const golden = path.resolve(import.meta.dirname, '../../../../shared/golden');
// In CI a missing folder is a failure, not a reason to skip.
describe.skipIf(!existsSync(golden) && !process.env.CI)(
  'reference checkpoints (skipped without ../shared/golden)',
  () => {
    it.each([
      ['sd1', { unet: 684, vae: 180, textEncoder: 52 }, 4],
      ['sd2', { unet: 494, vae: 180, textEncoder: 52 }, [2, 4, 4]],
      ['bk', { unet: 356, vae: 180, textEncoder: 52 }, 4],
      ['sdxl', { unet: 618, vae: 180, textEncoder: 52, textEncoder2: 53 }, [2, 4, 4]],
    ] as const)('%s', (family, tensors, heads) => {
      const checkpoint = openCheckpoint(path.join(golden, family));
      for (const [model, count] of Object.entries(tensors)) {
        expect(checkpoint[model as keyof typeof tensors].tensors.size, model).toBe(count);
      }
      expect(checkpoint.unet.config.attention_head_dim).toEqual(heads);
      const conv = checkpoint.unet.tensors.get('conv_in.weight') as TensorEntry;
      expect(conv).toMatchObject({ dtype: 'F32', shape: [16, 4, 3, 3], byteLength: 2304 });
    });
  },
);
