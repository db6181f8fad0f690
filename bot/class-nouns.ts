/** @file Class nouns: what kind of thing a subject is. A base may declare a closed list of those it knows. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

/** A base's closed list in its folder, or null where any noun goes. */
export type ClassNouns = readonly string[] | null;

const MAX_LENGTH = 40;
const WORDS =
  /^\p{L}[\p{L}\p{M}]*(?:['’-][\p{L}\p{M}]+)*(?: \p{L}[\p{L}\p{M}]*(?:['’-][\p{L}\p{M}]+)*){0,2}$/u;

/** What became of a class noun as typed. */
export type CheckedClassNoun =
  | { readonly kind: 'known'; readonly classNoun: string }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'unknown'; readonly nearest: readonly string[] };

/**
 * Reads the closed list of a base checkpoint.
 *
 * @param baseCheckpoint its folder; anything without a `class_nouns.json` has no closed list
 * @throws {Error} when the file is there but is no JSON array of nouns
 */
export async function readClassNouns(baseCheckpoint: string | undefined): Promise<ClassNouns> {
  if (baseCheckpoint === undefined) return null;
  const file = path.join(baseCheckpoint, 'class_nouns.json');
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
  try {
    return z.array(z.string().min(1)).min(1).parse(JSON.parse(text));
  } catch (cause) {
    throw new Error(`${file}: expected a JSON array of nouns`, { cause });
  }
}

/** Checks a noun as a user typed it; case and spaces do not matter. */
export function checkClassNoun(typed: string, known: ClassNouns): CheckedClassNoun {
  const classNoun = typed.normalize('NFC').trim().replace(/\s+/gu, ' ').toLowerCase();
  if (classNoun.length > MAX_LENGTH || !WORDS.test(classNoun)) return { kind: 'malformed' };
  if (known === null || known.includes(classNoun)) return { kind: 'known', classNoun };
  return { kind: 'unknown', nearest: findNearest(classNoun, known, 5) };
}

/** @returns the nouns that differ from the word in the fewest letters, nearest first */
export function findNearest(
  word: string,
  nouns: readonly string[],
  limit: number,
): readonly string[] {
  return nouns
    .map((noun) => ({ noun, distance: editDistance(word, noun) }))
    .sort((a, b) => a.distance - b.distance || (a.noun < b.noun ? -1 : 1))
    .slice(0, limit)
    .map(({ noun }) => noun);
}

/** Levenshtein's distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
