/**
 * @file Which files hold a model's weights, told by names alone, so that a folder and a listing of a
 * repository are read by the same rules. Pickles are never taken.
 */
import path from 'node:path';
import { z } from 'zod';
import { CheckpointError } from './checkpoint-error.ts';

/** Base names of weight files by the folder of their model. */
export const WEIGHT_BASE_NAMES = {
  unet: 'diffusion_pytorch_model',
  vae: 'diffusion_pytorch_model',
  text_encoder: 'model',
  text_encoder_2: 'model',
} as const;

/** A model of a checkpoint, called as its folder is. */
export type ModelFolder = keyof typeof WEIGHT_BASE_NAMES;

/** One file, or an index that names the file of each tensor. */
export type WeightFiles =
  | { readonly kind: 'single'; readonly file: string }
  | { readonly kind: 'sharded'; readonly indexFile: string };

/** File types that are read by unpickling. */
const PICKLE = /\.(bin|ckpt|pt|pth|pkl|pickle)$/i;

/** Why a pickle is refused, and what to do instead. */
const PICKLE_REASON =
  'is a pickle, which can run any code when it is loaded, so it is not read; take the safetensors ' +
  'edition of this checkpoint, or save it as safetensors with the tool that made it ' +
  '(in diffusers: save_pretrained(…, safe_serialization=True))';

/** @returns why a file of this name is refused; undefined where it is not a pickle */
export function refuseAsPickle(file: string): string | undefined {
  return PICKLE.test(file) ? `${file} ${PICKLE_REASON}` : undefined;
}

/** How the names of half-precision files are marked. */
export type WeightVariant = 'fp16';

/**
 * Chooses among the files of a model's folder: one file before shards.
 *
 * @param names of the files in the folder
 * @param where the folder, as the message shall name it
 * @param preferred taken before full precision where it is there; absent: only where nothing else is
 * @throws {CheckpointError} when there are no safetensors; a pickle is named
 */
export function chooseWeightFiles(
  names: ReadonlySet<string>,
  model: ModelFolder,
  where: string,
  preferred?: WeightVariant,
): WeightFiles {
  const base = WEIGHT_BASE_NAMES[model];
  const variants = ['', '.fp16'];
  for (const variant of preferred === 'fp16' ? variants.toReversed() : variants) {
    const file = `${base}${variant}.safetensors`;
    if (names.has(file)) return { kind: 'single', file };
    const indexFile = `${base}.safetensors.index${variant}.json`;
    if (names.has(indexFile)) return { kind: 'sharded', indexFile };
  }
  const expected = `expected ${base}.safetensors, ${base}.fp16.safetensors or ${base}.safetensors.index.json`;
  const pickle = [...names].sort().find((name) => PICKLE.test(name));
  throw new CheckpointError(
    pickle === undefined
      ? `${where}: ${expected}`
      : `${where}: ${expected}, found ${refuseAsPickle(pickle)}`,
  );
}

const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) });

/**
 * Reads the index of a sharded model.
 *
 * @param json the parsed file
 * @param where the index file, as the message shall name it
 * @returns the shards in the order of their names, each with the tensors that it must hold
 * @throws {CheckpointError} when the index is damaged, or names anything but a safetensors file beside it
 */
export function readShardIndex(json: unknown, where: string): Map<string, string[]> {
  const parsed = indexSchema.safeParse(json);
  if (!parsed.success) throw new CheckpointError(`${where}: ${z.prettifyError(parsed.error)}`);
  const shards = new Map<string, string[]>();
  for (const [tensor, shard] of Object.entries(parsed.data.weight_map)) {
    const tensors = shards.get(shard);
    if (tensors) tensors.push(tensor);
    else shards.set(shard, [tensor]);
  }
  if (shards.size === 0) throw new CheckpointError(`${where}: weight_map names no tensor`);
  for (const [shard, [tensor]] of shards) {
    const complaint = `${where}: tensor ${tensor} is said to be in ${JSON.stringify(shard)}`;
    if (path.posix.basename(shard) !== shard || path.win32.basename(shard) !== shard) {
      throw new CheckpointError(`${complaint}; expected the name of a file beside the index`);
    }
    const pickle = refuseAsPickle(shard);
    if (pickle !== undefined) throw new CheckpointError(`${where}: ${pickle}`);
    if (!shard.endsWith('.safetensors')) {
      throw new CheckpointError(`${complaint}; expected a .safetensors file`);
    }
  }
  return new Map([...shards].sort(([a], [b]) => (a < b ? -1 : 1)));
}
