/** @file The base that is evaluated, and pictures from it: what is rendered once is not rendered again. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import {
  type BaseFacts,
  openBase,
  openBaseTokenizers,
  readBaseFacts,
} from '../dreambooth/base-checkpoint.ts';
import { renderBatch } from '../dreambooth/render.ts';
import type { LoopContext, RenderPromptRequest } from '../dreambooth/requests.ts';

export interface EvaluatedBase {
  readonly dir: string;
  readonly facts: BaseFacts;
  readonly checkpoint: ReturnType<typeof openBase>;
  readonly tokenizers: ReturnType<typeof openBaseTokenizers>;
  readonly provider: RenderPromptRequest['provider'];
}

/** @throws {EngineRequestError} `BASE_MISSING` when the folder is not a checkpoint */
export function openEvaluatedBase(
  dir: string,
  provider: RenderPromptRequest['provider'] = 'cpu',
): EvaluatedBase {
  const absolute = path.resolve(dir);
  const checkpoint = openBase(absolute);
  return {
    dir: absolute,
    facts: readBaseFacts(absolute),
    checkpoint,
    tokenizers: openBaseTokenizers(checkpoint),
    provider,
  };
}

/**
 * Part of a folder's name that changes with what its pictures depend on: the base, how it samples, and the details.
 */
export const folderKey = ({ facts }: EvaluatedBase, ...details: readonly unknown[]): string =>
  createHash('sha256')
    .update(JSON.stringify([facts.hash, facts.defaults.sampling, ...details]))
    .digest('hex')
    .slice(0, 8);

export interface Rendering {
  readonly prompts: readonly string[];
  /** Picture i has seed `firstSeed + i`. */
  readonly firstSeed: number;
  /** A subject's weights; absent: the base itself. */
  readonly artifactFile?: string;
  readonly dir: string;
}

/** Pictures that are rendered, and kept, together. */
const TOGETHER = 100;

/**
 * Renders one picture a prompt with the base's recommended sampling. A folder that an earlier run
 * finished is taken as it is.
 *
 * @param onPictures hears how many are there
 */
export async function renderPictures(
  base: EvaluatedBase,
  { prompts, firstSeed, artifactFile, dir }: Rendering,
  context: LoopContext,
  onPictures: (done: number) => void = () => {},
): Promise<string[]> {
  const files: string[] = [];
  mkdirSync(dir, { recursive: true });
  for (let start = 0; start < prompts.length; start += TOGETHER) {
    const part = prompts.slice(start, start + TOGETHER);
    const folder = path.join(dir, String(start).padStart(4, '0'));
    if (!existsSync(folder) || readdirSync(folder).length !== part.length) {
      const unfinished = `${folder}.part`;
      rmSync(unfinished, { recursive: true, force: true });
      rmSync(folder, { recursive: true, force: true });
      await renderBatch(
        base.checkpoint,
        base.tokenizers,
        {
          provider: base.provider,
          sampling: base.facts.defaults.sampling,
          ...(artifactFile !== undefined && { artifactFile }),
          outputDir: unfinished,
          prompts: part,
          seeds: part.map((_, i) => firstSeed + start + i),
        },
        {
          ...context,
          onProgress: ({ step, totalSteps }) =>
            onPictures(start + Math.floor((part.length * step) / totalSteps)),
        },
      );
      renameSync(unfinished, folder);
    }
    files.push(...part.map((_, i) => path.join(folder, `${i}.png`)));
    onPictures(start + part.length);
  }
  return files;
}
