import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Graph } from '../../tensor/graph/graph.ts';
import { Philox } from '../../tensor/random/philox.ts';
import { writeTinyCheckpoint } from '../../testing/tiny-checkpoint.ts';
import { buildVaeDecoder, buildVaeEncoder } from '../models/autoencoder-kl.ts';
import { buildClipTextModel } from '../models/clip-text-model.ts';
import { frozenWeights } from '../models/frozen-weights.ts';
import { buildUnet } from '../models/unet-2d-condition-model.ts';
import { createSampler } from '../schedulers/create-sampler.ts';
import { type Checkpoint, CheckpointError, openCheckpoint } from './diffusers-checkpoint.ts';
import {
  readSafetensorsHeader,
  readTensorFloat32,
  readTensorInt32,
  SafetensorsError,
} from './safetensors.ts';

const HEADERS = 9_300;
const CONFIGS = 700;

const folder = mkdtempSync(path.join(tmpdir(), 'fuzz-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What nobody writes into a field on purpose. */
const ODD_VALUES: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  -0,
  1.5,
  3,
  7,
  255,
  4096,
  65_537,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  -(2 ** 53),
  1e300,
  '',
  'F32',
  'F16',
  'I64',
  'BOOL',
  'silu',
  '../x',
  'x'.repeat(5_000),
  [],
  [0],
  [-1],
  [2 ** 53, 2 ** 53],
  [1, 2, 3, 4, 5, 6, 7, 8, 9],
  [[1]],
  ['a'],
  {},
  { a: { a: { a: 1 } } },
  { dtype: 'F32' },
];

const pick = <T>(random: Philox, values: readonly T[]): T => values[random.integer(values.length)]!;

/** Replaces, removes, repeats or adds something somewhere in a JSON value. */
function mutateJson(random: Philox, json: unknown): unknown {
  if (typeof json !== 'object' || json === null || random.uniform() < 0.05) {
    if (typeof json === 'number' && random.uniform() < 0.5) {
      return pick(random, [json + 1, json - 1, json * 2, -json, json * 1e6, json + 0.5]);
    }
    return pick(random, ODD_VALUES);
  }
  if (Array.isArray(json)) {
    const list = [...json];
    const at = random.integer(list.length + 1);
    const change = random.integer(3);
    if (change === 0) list.splice(at, 1);
    else if (change === 1) list.splice(at, 0, list[at] ?? pick(random, ODD_VALUES));
    else if (list.length > 0) list[at % list.length] = mutateJson(random, list[at % list.length]);
    return list;
  }
  const fields = Object.entries(json);
  const at = random.integer(fields.length + 1);
  const [name, value] = fields[at] ?? [pick(random, ['a', '__proto__', '__metadata__', '']), 1];
  const change = random.integer(5);
  if (change === 0) return Object.fromEntries(fields.filter(([key]) => key !== name));
  const changed = change === 1 ? pick(random, ODD_VALUES) : mutateJson(random, value);
  return Object.fromEntries([...fields.filter(([key]) => key !== name), [name, changed]]);
}

function mutateBytes(random: Philox, bytes: Buffer): Buffer {
  const changed = Buffer.from(bytes);
  for (let i = random.integer(4); i >= 0; i--)
    changed[random.integer(changed.length)] = random.integer(256);
  const change = random.integer(4);
  if (change === 0) return changed.subarray(0, random.integer(changed.length));
  if (change === 1) return Buffer.concat([changed, changed.subarray(0, random.integer(64))]);
  if (change === 2) changed.writeBigUInt64LE(BigInt(random.uint32()) << BigInt(random.integer(32)));
  return changed;
}

/** A file with every kind of entry; the reference implementation could have written it. */
const header = {
  __metadata__: { format: 'pt', step: '3' },
  i64: { dtype: 'I64', shape: [2], data_offsets: [0, 16] },
  f32: { dtype: 'F32', shape: [2, 3], data_offsets: [16, 40] },
  empty: { dtype: 'F32', shape: [0, 4], data_offsets: [40, 40] },
  bf16: { dtype: 'BF16', shape: [3], data_offsets: [40, 46] },
  f16: { dtype: 'F16', shape: [1, 1, 5], data_offsets: [46, 56] },
  bool: { dtype: 'BOOL', shape: [], data_offsets: [56, 57] },
};

function encode(json: unknown): Buffer {
  const text = Buffer.from(JSON.stringify(json));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, Buffer.alloc(57)]);
}

/** Reads everything that a file offers, and checks that it lies within the file. */
function readAll(file: string, sizeBytes: number): number {
  const { entries } = readSafetensorsHeader(file);
  let end = 8;
  for (const { name, offset, byteLength, shape, dtype } of entries.values()) {
    if (offset < end || offset + byteLength > sizeBytes) {
      throw new Error(
        `${name}: bytes ${offset} and ${byteLength} more lie outside ${end} to ${sizeBytes}`,
      );
    }
    end = offset + byteLength;
    const entry = entries.get(name)!;
    const isFloat = /^(F|BF)/.test(dtype);
    const { length } = isFloat ? readTensorFloat32(entry) : readTensorInt32(entry);
    if (length !== shape.reduce((product, n) => product * n, 1)) {
      throw new Error(`${name}: ${length} elements do not fill [${shape}]`);
    }
  }
  return entries.size;
}

/** A message that somebody can act on: whose file, and no longer than a page. */
function expectClear(error: unknown, file: string, source: string): void {
  const isOurs = error instanceof CheckpointError || error instanceof SafetensorsError;
  const { message, stack } = error as Error;
  if (isOurs && message.includes(file) && message.length < 20_000) return;
  throw new Error(`not a clear error: ${stack}\n${source}`);
}

describe(`${HEADERS + CONFIGS} damaged files, always the same`, () => {
  it(`safetensors headers: ${HEADERS}`, () => {
    const file = path.join(folder, 'fuzzed.safetensors');
    const whole = encode(header);
    writeFileSync(file, whole);
    expect(readAll(file, whole.length)).toBe(6);
    let refused = 0;
    for (let i = 0; i < HEADERS; i++) {
      const random = new Philox(1, i);
      const bytes = i % 2 === 0 ? encode(mutateJson(random, header)) : mutateBytes(random, whole);
      writeFileSync(file, bytes);
      try {
        readAll(file, bytes.length);
      } catch (error) {
        refused++;
        expectClear(error, file, bytes.toString('latin1').slice(0, 500));
      }
    }
    expect(refused).toBeGreaterThan(HEADERS / 2);
    expect(refused).toBeLessThan(HEADERS);
  });

  it(`configs of models, schedulers and indices: ${CONFIGS}`, () => {
    const original = writeTinyCheckpoint(path.join(folder, 'original'), { seed: 1 });
    const dir = path.join(folder, 'fuzzed');
    cpSync(original, dir, { recursive: true });
    const names = [
      'unet/config.json',
      'vae/config.json',
      'text_encoder/config.json',
      'scheduler/scheduler_config.json',
      'model_index.json',
      'class_nouns.json',
    ];
    const texts = new Map(names.map((name) => [name, readFileSync(path.join(dir, name), 'utf8')]));
    let refused = 0;
    for (let i = 0; i < CONFIGS; i++) {
      const random = new Philox(2, i);
      const name = names[i % names.length]!;
      const text = texts.get(name)!;
      const changed =
        i % 7 === 0
          ? mutateBytes(random, Buffer.from(text))
          : Buffer.from(JSON.stringify(mutateJson(random, JSON.parse(text))));
      writeFileSync(path.join(dir, name), changed);
      try {
        buildEverything(openCheckpoint(dir), name);
      } catch (error) {
        refused++;
        if (!(error instanceof BuildError))
          expectClear(error, dir, changed.toString('latin1').slice(0, 3_000));
      }
      writeFileSync(path.join(dir, name), text);
    }
    expect(refused).toBeGreaterThan(CONFIGS / 3);
    expect(refused).toBeLessThan(CONFIGS);
  });
});

/** A config that is plausible by itself, but not that of the weights beside it. */
class BuildError extends Error {}

function sampleSteps(...[name, config, steps]: Parameters<typeof createSampler>): number {
  try {
    return createSampler(name, config, steps).timesteps.length;
  } catch (error) {
    // A schedule of a handful of timesteps, and an offset: the request would be told to take fewer.
    const isTooMany = error instanceof RangeError && error.message.endsWith('; take fewer');
    throw isTooMany ? new BuildError(error.message) : error;
  }
}

/** As a rendering would: the model of the config, on the tensors of the file. */
function buildEverything(checkpoint: Checkpoint, name: string): void {
  const { unet, vae, textEncoder, scheduler } = checkpoint;
  const graph = new Graph();
  const input = (dtype: 'float32' | 'int32', shape: number[]) =>
    graph.input(`${graph.nodeCount()}${shape}${dtype}`, dtype, shape);
  const build = {
    'scheduler/scheduler_config.json': () => {
      const steps = Math.min(4, scheduler.num_train_timesteps);
      for (const sampler of ['ddim', 'dpmpp_2m', 'euler'] as const)
        expect(sampleSteps(sampler, scheduler, steps)).toBeGreaterThan(0);
    },
    'unet/config.json': () =>
      buildUnet(frozenWeights(graph, unet.tensors), unet.config, {
        sample: input('float32', [1, unet.config.in_channels, 16, 16]),
        timesteps: input('int32', [1]),
        encoderHiddenStates: input('float32', [1, 4, textEncoder.config.hidden_size]),
      }),
    'vae/config.json': () => {
      const weights = frozenWeights(graph, vae.tensors);
      buildVaeEncoder(weights, vae.config, input('float32', [1, vae.config.in_channels, 64, 64]));
      buildVaeDecoder(
        weights,
        vae.config,
        input('float32', [1, vae.config.latent_channels, 16, 16]),
      );
    },
    'text_encoder/config.json': () =>
      buildClipTextModel(
        frozenWeights(graph, textEncoder.tensors),
        textEncoder.config,
        input('int32', [1, Math.min(8, textEncoder.config.max_position_embeddings)]),
      ),
  }[name];
  try {
    build?.();
  } catch (cause) {
    // Names the tensor, or says which sizes do not fit; never a slip of ours.
    const { message, stack } = cause as Error;
    expect(message, stack).toMatch(
      /the checkpoint has no tensor \S+, expected|has shape \[.*\], the model expects|needs pooled text/,
    );
    throw new BuildError(message, { cause });
  }
}
