/** @file Which files of a repository a checkpoint needs: configs, vocabularies and safetensors of the models in use. */
import { CheckpointError } from '../diffusion/weights/checkpoint-error.ts';
import {
  chooseWeightFiles,
  type ModelFolder,
  refuseAsPickle,
  type WeightVariant,
} from '../diffusion/weights/weight-files.ts';

/** Taken where they are. What marks a base as harmless (`pocket.json`) is not: a stranger could say so, too. */
const PLAIN_FILES = [
  'model_index.json',
  'class_nouns.json',
  'recommended.json',
  'scheduler/scheduler_config.json',
  ...['tokenizer', 'tokenizer_2'].flatMap((folder) =>
    [
      'vocab.json',
      'merges.txt',
      'tokenizer.json',
      'tokenizer_config.json',
      'special_tokens_map.json',
      'added_tokens.json',
    ].map((name) => `${folder}/${name}`),
  ),
];
const REQUIRED_MODELS = ['unet', 'vae', 'text_encoder'] as const;

/** What to download. */
export interface ChosenFiles {
  /** Complete but for shards. */
  readonly files: readonly string[];
  /** Indices among them; each names shards in its own folder. */
  readonly indexFiles: readonly string[];
}

/**
 * Chooses by name alone.
 *
 * @param paths every file of the repository
 * @param repo as the message shall name it
 * @param preferred weights to take before others
 * @throws {CheckpointError} when it is no checkpoint in the diffusers layout, or has pickles only
 */
export function chooseCheckpointFiles(
  paths: ReadonlySet<string>,
  repo: string,
  preferred?: WeightVariant,
): ChosenFiles {
  if (!paths.has('model_index.json')) {
    const pickle = [...paths].find((path) => refuseAsPickle(path) !== undefined);
    throw new CheckpointError(
      `${repo}: expected model_index.json of a checkpoint in the diffusers layout` +
        (pickle === undefined ? '' : `, found ${refuseAsPickle(pickle)}`),
    );
  }
  const files = PLAIN_FILES.filter((path) => paths.has(path));
  const indexFiles: string[] = [];
  for (const model of modelsOf(paths)) {
    const prefix = `${model}/`;
    const names = [...paths].filter((path) => path.startsWith(prefix));
    const weights = chooseWeightFiles(
      new Set(names.map((path) => path.slice(prefix.length))),
      model,
      `${repo}/${model}`,
      preferred,
    );
    if (names.includes(`${prefix}config.json`)) files.push(`${prefix}config.json`);
    if (weights.kind === 'single') files.push(prefix + weights.file);
    else indexFiles.push(prefix + weights.indexFile);
  }
  return { files: [...files, ...indexFiles], indexFiles };
}

function modelsOf(paths: ReadonlySet<string>): ModelFolder[] {
  const hasSecond = [...paths].some((path) => path.startsWith('text_encoder_2/'));
  return [...REQUIRED_MODELS, ...(hasSecond ? (['text_encoder_2'] as const) : [])];
}
