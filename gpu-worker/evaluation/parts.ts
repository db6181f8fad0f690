/** @file Shares an evaluation among processes: each does some of the subjects, and says what came out. */
import type { ChildProcess } from 'node:child_process';
import { forkChild } from '../subprocess/fork-child.ts';
import { EvaluationError } from './evaluation-error.ts';

/** The `number`-th of `of` parts, counted from 1. */
export interface Part {
  readonly number: number;
  readonly of: number;
}

/** @throws {EvaluationError} when it is not of the form 1/2 */
export function parsePart(text: string): Part {
  const [, number, of] = (/^(\d+)\/(\d+)$/.exec(text) ?? []).map(Number);
  if (!number || !of || number > of)
    throw new EvaluationError(`--part ${text}: expected K/N, the K-th of N parts, as in 1/2`);
  return { number, of };
}

/** Every `of`-th. */
export const isInPart = ({ number, of }: Part, index: number): boolean => index % of === number - 1;

/**
 * What all parts have, in the order before they were parted.
 * @param parts in their order, each the items that `isInPart` gives it
 */
export const joinParts = <Item>(parts: readonly (readonly Item[])[]): Item[] =>
  Array.from(
    { length: parts.reduce((sum, part) => sum + part.length, 0) },
    (_, index) => parts[index % parts.length]![Math.floor(index / parts.length)]!,
  );

/** What a part says: its share on the way, in [0, 1], and at the end what came out, as plain JSON. */
export type PartMessage<Result> = { readonly share: number } | { readonly result: Result };

/**
 * Runs a script once for each part, all at the same time, and waits for the last one.
 *
 * @param script sends `PartMessage`s, and ends with 0 or 1 when its part is done
 * @param args the script's; `--part` is added
 * @param onProgress hears the mean share
 * @returns each part's result, in their order
 * @throws {EvaluationError} when a part ends in another way, with what it said last, or without a result; the others
 * are stopped
 */
export async function runParts<Result>(
  script: string,
  args: readonly string[],
  count: number,
  onProgress: (share: number) => void,
): Promise<Result[]> {
  const shares = Array<number>(count).fill(0);
  const children = shares.map((_, i) =>
    forkChild(script, [...args, '--part', `${i + 1}/${count}`]),
  );
  const hear = (i: number) => (share: number) => {
    shares[i] = share;
    onProgress(shares.reduce((sum, one) => sum + one, 0) / count);
  };
  try {
    return await Promise.all(children.map((child, i) => resultOf<Result>(child, i + 1, hear(i))));
  } finally {
    for (const child of children) child.kill();
  }
}

function resultOf<Result>(
  child: ChildProcess,
  number: number,
  onShare: (share: number) => void,
): Promise<Result> {
  let result: Result | undefined;
  child.on('message', (message: PartMessage<Result>) => {
    if ('result' in message) result = message.result;
    else onShare(message.share);
  });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-10_000);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    // After exit, the last message and the last of stderr.
    child.once('close', (code, signal) => {
      if (code !== 0 && code !== 1)
        reject(new EvaluationError(said.trim() || `a part ended with ${signal ?? `code ${code}`}`));
      else if (result === undefined)
        reject(new EvaluationError(`part ${number} ended without a result`));
      else resolve(result);
    });
  });
}
