/** @file The command line of the demo. */
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { checkClassNoun, readClassNouns } from '#bot/class-nouns.ts';

/** A command line that cannot be followed; the message is for its author. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What the demo was asked for. Paths are absolute. */
export interface DemoArguments {
  /** Absent: drawings that the base has never seen. */
  readonly photosDir: string | undefined;
  readonly classNoun: string;
  /** Prompts beside the plain one. */
  readonly prompts: readonly string[];
  /** Absent: what the base recommends. */
  readonly steps: number | undefined;
  /** Absent: what the base recommends. */
  readonly method: 'full' | 'lora' | undefined;
  readonly seed: number;
  readonly baseDir: string;
  readonly outDir: string;
}

export const usage = `npm run demo -- [options]

  --photos DIR    3 to 10 photos (jpeg, png, webp) of one subject; the first 10 of a larger folder
  --class NOUN    what the subject is, such as dog; needed with --photos
  --prompt TEXT   a prompt with [V] where the subject goes; may be repeated
  --steps N       training steps, instead of what the base recommends
  --method NAME   full or lora, instead of what the base recommends
  --seed N        of training and pictures (default 7)
  --base DIR      base checkpoint in the diffusers layout (default models/pocket)
  --out DIR       where transcript, pictures and sheet go (default demo-output)`;

const pocketDir = fileURLToPath(new URL('../../models/pocket', import.meta.url));

/** The default subject's class. */
const DEFAULT_CLASS = 'cat';
const DEFAULT_SEED = 7;
const MAX_SEED = 2 ** 31 - 1;
const MAX_STEPS = 100_000;

/** What wears a hat. */
const LIVING = ['cat', 'dog', 'bird', 'fish', 'stuffed animal', 'toy robot'];

/**
 * Reads the command line.
 *
 * @param words after the program's name
 * @param folder that relative paths start from
 * @returns undefined where only help was asked for
 * @throws {UsageError} for what cannot be followed
 */
export async function readArguments(
  words: readonly string[],
  folder: string,
): Promise<DemoArguments | undefined> {
  const values = parse(words);
  if (values.help) return undefined;
  const baseDir = values.base === undefined ? pocketDir : path.resolve(folder, values.base);
  if (!existsSync(path.join(baseDir, 'model_index.json'))) {
    throw new UsageError(
      values.base === undefined
        ? 'models/pocket is missing: npm run pretrain makes it, or name a base with --base DIR'
        : `--base ${values.base}: expected a checkpoint folder with model_index.json in it`,
    );
  }
  if (values.photos !== undefined && values.class === undefined) {
    throw new UsageError('--photos needs --class: what is on the photos?');
  }
  const classNoun = await readClassNoun(values.class ?? DEFAULT_CLASS, baseDir);
  const photosDir = values.photos === undefined ? undefined : path.resolve(folder, values.photos);
  if (photosDir !== undefined && !statSync(photosDir, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UsageError(`--photos ${values.photos}: no such folder`);
  }
  for (const prompt of values.prompt ?? []) {
    if (!/\[v\]/i.test(prompt)) {
      throw new UsageError(`--prompt "${prompt}": write [V] where the subject goes`);
    }
  }
  return {
    photosDir,
    classNoun,
    prompts: values.prompt ?? defaultPrompts(classNoun),
    steps:
      values.steps === undefined ? undefined : readNumber('--steps', values.steps, 1, MAX_STEPS),
    method: readMethod(values.method),
    seed: readNumber('--seed', values.seed ?? String(DEFAULT_SEED), 0, MAX_SEED),
    baseDir,
    outDir: path.resolve(folder, values.out ?? 'demo-output'),
  };
}

function parse(words: readonly string[]) {
  const text = { type: 'string' } as const;
  try {
    const { values } = parseArgs({
      args: [...words],
      options: {
        photos: text,
        class: text,
        prompt: { type: 'string', multiple: true },
        steps: text,
        method: text,
        seed: text,
        base: text,
        out: text,
        help: { type: 'boolean', short: 'h' },
      },
    });
    return values;
  } catch (error) {
    // parseArgs says which word it stumbled over, in its first sentence.
    const [sentence = ''] = (error as Error).message.split('. ');
    throw new UsageError(sentence.replace(/\.$/, ''), { cause: error });
  }
}

async function readClassNoun(typed: string, baseDir: string): Promise<string> {
  const checked = checkClassNoun(typed, await readClassNouns(baseDir));
  if (checked.kind === 'known') return checked.classNoun;
  throw new UsageError(
    checked.kind === 'malformed'
      ? `--class ${typed}: expected one to three plain words, such as dog`
      : `--class ${typed}: the base does not know it; nearest: ${checked.nearest.join(', ')}`,
  );
}

function readMethod(typed: string | undefined): DemoArguments['method'] {
  if (typed === undefined || typed === 'full' || typed === 'lora') return typed;
  throw new UsageError(`--method ${typed}: expected full or lora`);
}

function readNumber(option: string, typed: string, min: number, max: number): number {
  const value = Number(typed);
  if (/^\d+$/.test(typed) && value >= min && value <= max) return value;
  throw new UsageError(`${option} ${typed}: expected a whole number from ${min} to ${max}`);
}

/** Four uses of the method: another place, a style, something worn (or another place), weather. */
function defaultPrompts(classNoun: string): string[] {
  return [
    `a [V] ${classNoun} on the beach`,
    `a painting of a [V] ${classNoun}`,
    LIVING.includes(classNoun)
      ? `a [V] ${classNoun} wearing a red hat`
      : `a [V] ${classNoun} on green grass`,
    `a [V] ${classNoun} in the snow`,
  ];
}
