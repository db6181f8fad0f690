/**
 * @file Opens a Stable-Diffusion-like checkpoint in the diffusers folder layout: configs, tensor
 * locations under one spelling of their names, scheduler settings, tokenizer folders. Reads no weights.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
  statSync,
} from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { type SchedulerConfig, schedulerConfigSchema } from '../schedulers/scheduler-config.ts';
import { CheckpointError } from './checkpoint-error.ts';
import {
  type ClipTextConfig,
  clipTextConfigSchema,
  type UnetConfig,
  unetConfigSchema,
  type VaeConfig,
  vaeConfigSchema,
} from './model-configs.ts';
import { readSafetensorsHeader, type TensorEntry } from './safetensors.ts';
import {
  chooseWeightFiles,
  type ModelFolder,
  readShardIndex,
  refuseAsPickle,
} from './weight-files.ts';

export { CheckpointError } from './checkpoint-error.ts';
export type { ClipTextConfig, UnetConfig, VaeConfig } from './model-configs.ts';

/** One model of a checkpoint: its settings, and where each of its tensors lies. */
export interface CheckpointModel<Config> {
  readonly config: Config;
  /** By name as the current libraries spell it; `entry.name` is that same name. */
  readonly tensors: Map<string, TensorEntry>;
}

/** A checkpoint in the diffusers layout. */
export interface Checkpoint {
  /** Real path of the checkpoint's folder. */
  readonly dir: string;
  /**
   * 16 hex digits over the contents of weights, configs and vocabularies; the same wherever the
   * folder lies. Computed on first use, since it reads every byte.
   */
  readonly hash: string;
  readonly unet: CheckpointModel<UnetConfig>;
  readonly vae: CheckpointModel<VaeConfig>;
  /** Tensor names carry the prefix `text_model.`, whether or not the file has it. */
  readonly textEncoder: CheckpointModel<ClipTextConfig>;
  /** SDXL's second encoder; `text_projection.weight` carries no prefix. */
  readonly textEncoder2?: CheckpointModel<ClipTextConfig>;
  /** Folder with `vocab.json` and `merges.txt`. */
  readonly tokenizerDir?: string;
  readonly tokenizer2Dir?: string;
  /** SDXL: guidance without a negative prompt goes away from zeros, not from the states of an empty text. */
  readonly forceZerosForEmptyPrompt: boolean;
  readonly scheduler: SchedulerConfig;
  /** The closed list of class nouns that the base knows, from `class_nouns.json`. */
  readonly classNouns?: readonly string[];
}

/** In `model_index.json` of SDXL. @see diffusers `pipeline_stable_diffusion_xl.py` */
const FORCE_ZEROS = 'force_zeros_for_empty_prompt';

/** Configs and indices have some kilobytes; a file beyond this is something else. */
const MAX_JSON_BYTES = 1 << 25;

/**
 * Opens a checkpoint folder.
 *
 * @param dir folder with `model_index.json`
 * @returns configs with defaults filled in, and the tensors' places on disk
 * @throws {CheckpointError} when a file or field is missing or of the wrong kind
 * @throws {SafetensorsError} when a weight file is damaged
 */
export function openCheckpoint(dir: string): Checkpoint {
  if (!existsSync(path.join(dir, 'model_index.json'))) {
    throw new CheckpointError(
      refuseAsPickle(dir) ??
        `${dir}: expected model_index.json of a checkpoint in the diffusers layout`,
    );
  }
  const root = realpathSync(dir);
  const index = readJson(path.join(root, 'model_index.json'), z.record(z.string(), z.unknown()));
  for (const component of ['unet', 'vae', 'text_encoder', 'scheduler']) {
    if (!hasComponent(index, component)) {
      throw new CheckpointError(
        `${path.join(root, 'model_index.json')}: expected a component "${component}"`,
      );
    }
  }
  const hashed = [path.join(root, 'model_index.json')];

  const open = <S extends z.ZodType>(
    component: ModelFolder,
    schema: S,
    currentName: (name: string) => string | undefined,
  ): CheckpointModel<z.output<S>> => {
    const folder = path.join(root, component);
    const configFile = path.join(folder, 'config.json');
    const config = readJson(configFile, schema);
    const { shards, indexFile } = findWeights(folder, component);
    hashed.push(configFile, ...shards.keys(), ...(indexFile === undefined ? [] : [indexFile]));
    return { config, tensors: locateTensors(shards, currentName) };
  };

  const unet = open('unet', unetConfigSchema, (name) => name);
  const vae = open('vae', vaeConfigSchema, currentVaeName);
  const openText = (component: ModelFolder) =>
    open(component, textConfigFileSchema, currentTextName);
  const textEncoder = openText('text_encoder');
  const textEncoder2 = hasComponent(index, 'text_encoder_2')
    ? openText('text_encoder_2')
    : undefined;

  const schedulerFile = path.join(root, 'scheduler', 'scheduler_config.json');
  const scheduler = readJson(schedulerFile, schedulerConfigSchema);
  hashed.push(schedulerFile);

  const tokenizerDir = findTokenizer(root, 'tokenizer', hashed);
  const tokenizer2Dir = findTokenizer(root, 'tokenizer_2', hashed);

  const classNounsFile = path.join(root, 'class_nouns.json');
  const classNouns = existsSync(classNounsFile)
    ? readJson(classNounsFile, z.array(z.string().min(1)).min(1))
    : undefined;

  return {
    dir: root,
    get hash() {
      return hashFiles(root, hashed);
    },
    unet,
    vae,
    textEncoder,
    ...(textEncoder2 && { textEncoder2 }),
    ...(tokenizerDir !== undefined && { tokenizerDir }),
    ...(tokenizer2Dir !== undefined && { tokenizer2Dir }),
    // Where the file does not say, it is on for pipelines that know the setting.
    forceZerosForEmptyPrompt: textEncoder2 !== undefined && index[FORCE_ZEROS] !== false,
    scheduler,
    ...(classNouns && { classNouns }),
  };
}

/** Pipelines write `[null, null]` for a component that they do without. */
function hasComponent(index: Record<string, unknown>, component: string): boolean {
  const value = index[component];
  return Array.isArray(value) && value[1] !== null;
}

/** Some encoders were saved with the config of a whole CLIP model around their own. */
const textConfigFileSchema = z.preprocess(
  (json) =>
    z.object({ text_config: z.record(z.string(), z.unknown()) }).safeParse(json).data
      ?.text_config ?? json,
  clipTextConfigSchema,
);

function readJson<S extends z.ZodType>(file: string, schema: S): z.output<S> {
  const parsed = schema.safeParse(readJsonFile(file));
  if (!parsed.success) {
    throw new CheckpointError(`${file}: ${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
}

function readJsonFile(file: string): unknown {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (!stat?.isFile()) throw new CheckpointError(`${file}: expected this file in the checkpoint`);
  if (stat.size > MAX_JSON_BYTES) {
    throw new CheckpointError(
      `${file}: expected JSON of at most ${MAX_JSON_BYTES} bytes, found ${stat.size}`,
    );
  }
  const text = readFileSync(file, 'utf8');
  try {
    return JSON.parse(NON_FINITE.test(text) ? text.replace(NON_FINITE, '$1null') : text);
  } catch (cause) {
    throw new CheckpointError(`${file}: expected JSON`, { cause });
  }
}

/** Python writes these words for numbers that JSON has not; schedulers have a default of minus infinity. */
const NON_FINITE = /(:\s*)(?:-?Infinity|NaN)(?=\s*[,}\n])/g;

/** A model's files, each with the tensors that an index says it holds; none where there is no index. */
function findWeights(
  folder: string,
  model: ModelFolder,
): { shards: Map<string, readonly string[]>; indexFile?: string } {
  const names = new Set(existsSync(folder) ? readdirSync(folder) : []);
  const weights = chooseWeightFiles(names, model, folder);
  if (weights.kind === 'single') {
    return { shards: new Map([[path.join(folder, weights.file), []]]) };
  }
  const indexFile = path.join(folder, weights.indexFile);
  const shards = new Map<string, readonly string[]>();
  for (const [name, tensors] of readShardIndex(readJsonFile(indexFile), indexFile)) {
    const file = path.join(folder, name);
    if (!existsSync(file)) {
      throw new CheckpointError(
        `${indexFile}: expected shard ${name} beside it, with ${tensors.length} tensors such as ${tensors[0]}`,
      );
    }
    shards.set(file, tensors);
  }
  return { shards, indexFile };
}

function locateTensors(
  shards: ReadonlyMap<string, readonly string[]>,
  currentName: (name: string) => string | undefined,
): Map<string, TensorEntry> {
  const tensors = new Map<string, TensorEntry>();
  for (const [file, promised] of shards) {
    const { entries } = readSafetensorsHeader(file);
    const missing = promised.find((name) => !entries.has(name));
    if (missing !== undefined) {
      throw new CheckpointError(
        `${file}: expected tensor ${missing}, which the index says is here; found ${entries.size} others`,
      );
    }
    for (const entry of entries.values()) {
      const name = currentName(entry.name);
      if (name === undefined) continue;
      if (tensors.has(name)) {
        throw new CheckpointError(`${file}: tensor ${name} occurs twice`);
      }
      tensors.set(name, { ...entry, name });
    }
  }
  return tensors;
}

/**
 * The name that the text encoder's tensor has today, or undefined for one that is not part of it:
 * `position_ids` is a constant, and a whole CLIP model has a vision half.
 */
function currentTextName(name: string): string | undefined {
  if (name.endsWith('position_ids')) return undefined;
  if (/^(vision_model\.|visual_projection\.|logit_scale$)/.test(name)) return undefined;
  return /^(text_model|text_projection)\./.test(name) ? name : `text_model.${name}`;
}

const VAE_ATTENTION_NAMES: Record<string, string> = {
  query: 'to_q',
  key: 'to_k',
  value: 'to_v',
  proj_attn: 'to_out.0',
};

/** Old autoencoders name the parts of their attention otherwise; shapes stay as they are. */
function currentVaeName(name: string): string {
  return name.replace(
    /(\.attentions\.\d+\.)(query|key|value|proj_attn)\./,
    (_, before: string, part: string) => `${before}${VAE_ATTENTION_NAMES[part]}.`,
  );
}

function findTokenizer(root: string, component: string, hashed: string[]): string | undefined {
  const folder = path.join(root, component);
  const files = ['vocab.json', 'merges.txt'].map((name) => path.join(folder, name));
  if (!files.every((file) => existsSync(file))) return undefined;
  hashed.push(...files);
  return folder;
}

/** File digests by real path, size and modification time. */
const digests = new Map<string, string>();

function hashFiles(root: string, files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of [...files].sort()) {
    const name = path.relative(root, file).split(path.sep).join('/');
    hash.update(`${name}\0${digestFile(file)}\n`);
  }
  return hash.digest('hex').slice(0, 16);
}

function digestFile(file: string): string {
  const { size, mtimeMs } = statSync(file);
  const key = `${realpathSync(file)}\0${size}\0${mtimeMs}`;
  let digest = digests.get(key);
  if (digest === undefined) {
    digest = digestBytes(file);
    digests.set(key, digest);
  }
  return digest;
}

function digestBytes(file: string): string {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(1 << 22);
  const fd = openSync(file, 'r');
  try {
    for (let read = readSync(fd, chunk); read > 0; read = readSync(fd, chunk)) {
      hash.update(chunk.subarray(0, read));
    }
  } finally {
    closeSync(fd);
  }
  return hash.digest('hex');
}
