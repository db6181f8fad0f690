/** @file The trained judges, ready to look at pictures and to read texts. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { frozenWeights } from '../../diffusion/models/frozen-weights.ts';
import { SessionCache } from '../../diffusion/pipelines/session-cache.ts';
import {
  type ClipTokenizer,
  loadClipTokenizer,
} from '../../diffusion/tokenizers/clip-tokenizer.ts';
import { readSafetensorsHeader, type TensorEntry } from '../../diffusion/weights/safetensors.ts';
import type { Graph } from '../../tensor/graph/graph.ts';
import {
  ATTRIBUTE_NAMES,
  ATTRIBUTES,
  CHOICE_COUNT,
  CHOICE_RANGES,
  type Reading,
} from './attributes.ts';
import { mirror } from './degrade.ts';
import {
  buildSight,
  buildTextSense,
  IDENTITY_WIDTH,
  JUDGE_SIZE,
  judgeTextConfig,
  LAYERS,
  PATCH_SHAPE,
  TEXT_WIDTH,
  toPatches,
} from './network.ts';

export const WEIGHTS_FILE = 'model.safetensors';
export const CONFIG_FILE = 'config.json';

/** What training measured on drawings that it never saw; shares of right answers. */
export const floorSchema = z.object({
  pictures: z.int(),
  /** Of drawings that show what an individual looks like: see `showsIndividual`. */
  identity: z.number(),
  /** Of drawings of every style and view. */
  identityOfAll: z.number(),
  identityByStyle: z.record(z.string(), z.number()),
  attributes: z.record(z.string(), z.number()),
});
export type Floor = z.infer<typeof floorSchema>;

export const judgeConfigSchema = z.object({
  steps: z.int(),
  subjects: z.int(),
  floor: floorSchema,
});

/** What one picture looks like to the judges. */
export interface Look {
  /** Length 1; the cosine of two says whether they show the same individual. */
  readonly identity: Float32Array;
  /** Length 1; the cosine with a text's says whether the text is true of the picture. */
  readonly semantic: Float32Array;
  /** The most likely choice of each attribute, of the picture and its mirror image together. */
  readonly reading: Reading;
  /** For the perceptual distance: each place's channels have length 1. */
  readonly layers: readonly Float32Array[];
}

/** Pictures and texts in one run of a session: as many as the protocol has of a prompt, since what is missing is filled up. */
const BATCH = 4;

export class PocketJudges {
  readonly floor: Floor;
  readonly tokenizer: ClipTokenizer;
  readonly #tensors: ReadonlyMap<string, TensorEntry>;
  readonly #cache: SessionCache;

  constructor(dir: string, options: { threads?: number } = {}) {
    const config = readFileSync(path.join(dir, CONFIG_FILE), 'utf8');
    this.floor = judgeConfigSchema.parse(JSON.parse(config)).floor;
    this.tokenizer = loadClipTokenizer(path.join(dir, 'tokenizer'));
    this.#tensors = readSafetensorsHeader(path.join(dir, WEIGHTS_FILE)).entries;
    this.#cache = new SessionCache(options);
  }

  /** @param pictures each float32 `[3, JUDGE_SIZE, JUDGE_SIZE]` in [−1, 1] */
  async look(pictures: readonly Float32Array[]): Promise<Look[]> {
    const looks: Look[] = [];
    for (let start = 0; start < pictures.length; start += BATCH)
      looks.push(...(await this.#lookAt(pictures.slice(start, start + BATCH))));
    return looks;
  }

  async #lookAt(pictures: readonly Float32Array[]): Promise<Look[]> {
    const rows = 2 * BATCH;
    const build = (graph: Graph) => {
      const patches = graph.input('patches', 'float32', [rows, ...PATCH_SHAPE]);
      const sight = buildSight(frozenWeights(graph, this.#tensors), patches);
      for (const name of ['logits', 'identity', 'semantic'] as const)
        graph.output(`${name}/out`, sight[name]);
      for (const [i, layer] of sight.layers.entries()) graph.output(`layer${i}`, layer);
    };
    const size = 3 * JUDGE_SIZE ** 2;
    const patches = new Float32Array(rows * size);
    for (const [i, picture] of pictures.entries()) {
      if (picture.length !== size)
        throw new RangeError(`look: ${picture.length} values, expected 3 × ${JUDGE_SIZE}²`);
      toPatches(picture, patches.subarray(i * size, (i + 1) * size));
      const mirrored = picture.slice();
      mirror(mirrored, JUDGE_SIZE);
      const row = BATCH + i;
      toPatches(mirrored, patches.subarray(row * size, (row + 1) * size));
    }
    const feeds = { patches: { data: patches, shape: [rows, ...PATCH_SHAPE] } };
    const results = await this.#cache.run('sight', build, feeds);
    const rowOf = (name: string, row: number, width: number) =>
      (results[name]!.data as Float32Array).slice(row * width, (row + 1) * width);
    return pictures.map((_, row) => ({
      identity: rowOf('identity/out', row, IDENTITY_WIDTH),
      semantic: rowOf('semantic/out', row, TEXT_WIDTH),
      reading: readingOf(
        rowOf('logits/out', row, CHOICE_COUNT),
        rowOf('logits/out', BATCH + row, CHOICE_COUNT),
      ),
      layers: LAYERS.map(({ channels, positions }, i) =>
        normalizePlaces(rowOf(`layer${i}`, row, channels * positions), channels),
      ),
    }));
  }

  /** @returns for each text a vector of length 1 */
  async read(texts: readonly string[]): Promise<Float32Array[]> {
    const { vocabSize, bosId: bos, eosId: eos, padId: pad, maxLength } = this.tokenizer;
    const build = (graph: Graph) => {
      const ids = graph.input('ids', 'int32', [BATCH, maxLength]);
      const config = judgeTextConfig(vocabSize, { bos, eos, pad }, maxLength);
      graph.output('text/out', buildTextSense(frozenWeights(graph, this.#tensors), config, ids));
    };
    const out: Float32Array[] = [];
    for (let start = 0; start < texts.length; start += BATCH) {
      const batch = texts.slice(start, start + BATCH);
      const data = new Int32Array(BATCH * maxLength);
      for (let row = 0; row < BATCH; row++)
        data.set(this.tokenizer.encodePadded(batch[row] ?? ''), row * maxLength);
      const feeds = { ids: { data, shape: [BATCH, maxLength] } };
      const results = await this.#cache.run('text', build, feeds);
      const rows = results['text/out']!.data as Float32Array;
      for (let row = 0; row < batch.length; row++)
        out.push(rows.slice(row * TEXT_WIDTH, (row + 1) * TEXT_WIDTH));
    }
    return out;
  }

  close(): Promise<void> {
    return this.#cache.close();
  }
}

/** @param views logits of one picture, seen in several ways: their probabilities are added up */
function readingOf(...views: readonly Float32Array[]): Reading {
  const entries = ATTRIBUTE_NAMES.map((name) => {
    const [first, end] = CHOICE_RANGES[name];
    const likelihoods = new Float64Array(end - first);
    for (const logits of views) {
      const exponentials = logits.subarray(first, end).map((logit) => Math.exp(logit));
      const sum = exponentials.reduce((a, b) => a + b, 0);
      for (const [i, exponential] of exponentials.entries()) likelihoods[i]! += exponential / sum;
    }
    const best = likelihoods.indexOf(Math.max(...likelihoods));
    return [name, ATTRIBUTES[name].choices[best]!];
  });
  return Object.fromEntries(entries) as Record<keyof typeof ATTRIBUTES, string>;
}

/** Scales each place's channels to length 1. @param layer `[c, places]`, changed in place */
function normalizePlaces(layer: Float32Array, channels: number): Float32Array {
  const places = layer.length / channels;
  for (let p = 0; p < places; p++) {
    let squares = 1e-10;
    for (let c = 0; c < channels; c++) squares += layer[c * places + p]! ** 2;
    const scale = 1 / Math.sqrt(squares);
    for (let c = 0; c < channels; c++) layer[c * places + p]! *= scale;
  }
  return layer;
}

/**
 * How different two pictures look: squared differences of the layers' directions, the mean over the
 * places, added up over the layers. LPIPS without its learned weights.
 * @see Zhang et al. 2018, eq. 1, https://arxiv.org/abs/1801.03924
 */
export function perceptualDistance(a: Pick<Look, 'layers'>, b: Pick<Look, 'layers'>): number {
  let distance = 0;
  for (const [level, { positions }] of LAYERS.entries()) {
    const [first, second] = [a.layers[level]!, b.layers[level]!];
    let squares = 0;
    for (let i = 0; i < first.length; i++) squares += (first[i]! - second[i]!) ** 2;
    distance += squares / positions;
  }
  return distance;
}
