/** @file The prompt grammar: `[V]` and `[name]` stand for a subject; the class noun follows where it is missing. Pure. */
import { normalizeSubjectName } from '#db/queries/subject-name.ts';

/** Longest prompt that is taken, in characters; the exact limit, in tokens, is the worker's. */
export const MAX_PROMPT_CHARACTERS = 1000;

/** A piece of a prompt: plain text, `[V]`, or `[name]`. */
export type PromptPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'default' }
  | { readonly kind: 'named'; readonly name: string };

/** What a subject's place in a prompt becomes. */
export interface SubjectWords {
  readonly identifier: string;
  readonly classNoun: string;
}

const REFERENCE = /\[([^[\]]{1,64})\]/gu;

/** Words across which a noun no longer belongs to the identifier: `[V] and a dog` still lacks its noun. */
const BOUNDARIES = new Set(
  (
    'a an the and or but with without on in at by near next beside behind under over above below of from to into ' +
    'onto as like for is are was being holding chasing wearing riding between among through around against ' +
    'made playing sitting standing lying running jumping sleeping looking'
  ).split(' '),
);

/** How many adjectives may stand between the identifier and its noun. */
const MAX_ADJECTIVES = 2;

/** Splits a prompt at its references. */
export function parsePrompt(prompt: string): readonly PromptPart[] {
  const parts: PromptPart[] = [];
  let end = 0;
  const addText = (text: string) => {
    if (text !== '') parts.push({ kind: 'text', text });
  };
  for (const match of prompt.matchAll(REFERENCE)) {
    const name = (match[1] ?? '').trim();
    if (name === '') continue;
    addText(prompt.slice(end, match.index));
    parts.push(name.toLowerCase() === 'v' ? { kind: 'default' } : { kind: 'named', name });
    end = match.index + match[0].length;
  }
  addText(prompt.slice(end));
  return parts;
}

/** What stands in a prompt for a subject. */
export interface Reference {
  /** Two references with the same key mean the same subject: `v`, or the name as names are compared. */
  readonly key: string;
  /** As typed; null for `[V]`. */
  readonly name: string | null;
}

/** The key of `[V]`; no subject can be called that. */
export const DEFAULT_KEY = 'v';

const keyOf = (part: Exclude<PromptPart, { kind: 'text' }>): string =>
  part.kind === 'default' ? DEFAULT_KEY : normalizeSubjectName(part.name);

/** @returns each reference once, in the order of the prompt */
export function listReferences(parts: readonly PromptPart[]): readonly Reference[] {
  const found = new Map<string, Reference>();
  for (const part of parts) {
    if (part.kind === 'text' || found.has(keyOf(part))) continue;
    found.set(keyOf(part), {
      key: keyOf(part),
      name: part.kind === 'named' ? part.name : null,
    });
  }
  return [...found.values()];
}

/** @returns the prompt with `[V]` wherever its first reference stood, so that another subject can take its place */
export function withDefaultReference(prompt: string): string {
  const parts = parsePrompt(prompt);
  const [first] = listReferences(parts);
  return parts
    .map((part) => {
      if (part.kind === 'text') return part.text;
      return keyOf(part) === first?.key || part.kind === 'default' ? '[V]' : `[${part.name}]`;
    })
    .join('');
}

/**
 * Puts a subject's words in the place of every reference.
 *
 * @param wordsOf the words of the subject that a reference's key stands for
 * @returns the prompt to render: `a [V] on the beach` and `a [V] cat on the beach` both become
 *   `a zwx cat on the beach`
 */
export function fillPrompt(
  parts: readonly PromptPart[],
  wordsOf: (key: string) => SubjectWords,
): string {
  let filled = '';
  for (const [index, part] of parts.entries()) {
    if (part.kind === 'text') {
      filled += part.text;
      continue;
    }
    const after = parts
      .slice(index + 1)
      .map((next) => (next.kind === 'text' ? next.text : ' [] '))
      .join('');
    const { identifier, classNoun } = wordsOf(keyOf(part));
    if (/[\p{L}\p{N}]$/u.test(filled)) filled += ' ';
    filled += identifier;
    if (!startsWithNoun(after, classNoun)) filled += ` ${classNoun}`;
    if (/^[\p{L}\p{N}]/u.test(after)) filled += ' ';
  }
  return filled.replace(/\s+/gu, ' ').trim();
}

/** Whether the noun, singular or plural, comes first in the text, adjectives aside. */
function startsWithNoun(text: string, classNoun: string): boolean {
  const noun = classNoun.split(' ').map(escapeForRegExp).join('\\s+');
  const here = new RegExp(`^\\s*${noun}(?:s|es)?(?![\\p{L}\\p{N}])`, 'iu');
  let rest = text;
  for (let skipped = 0; skipped <= MAX_ADJECTIVES; skipped++) {
    if (here.test(rest)) return true;
    const word = /^\s*([\p{L}\p{N}'’-]+)/u.exec(rest);
    if (!word || BOUNDARIES.has((word[1] ?? '').toLowerCase())) return false;
    rest = rest.slice(word[0].length);
  }
  return false;
}

/**
 * Writes the prompt as it could have been written, for the hint to one that does not mention the subject.
 *
 * @returns the prompt with `[V]` before its first mention of the class noun, else with `a [V] noun` in front
 */
export function suggestPrompt(prompt: string, classNoun: string): string {
  const text = prompt.replace(/\s+/gu, ' ').trim();
  const noun = classNoun.split(' ').map(escapeForRegExp).join('\\s+');
  const mention = new RegExp(`(?<![\\p{L}\\p{N}])(${noun})(?![\\p{L}\\p{N}])`, 'iu');
  if (mention.test(text)) return text.replace(mention, '[V] $1');
  const isPlace =
    BOUNDARIES.has((text.split(' ')[0] ?? '').toLowerCase()) && !/^(a|an|the)\b/i.test(text);
  return `a [V] ${classNoun}${isPlace ? '' : ','} ${text}`.trim();
}

function escapeForRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
