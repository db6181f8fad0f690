/** @file The prompt grammar: `[V]` and `[name]` stand for a subject; the class noun follows where it is missing. Pure. */

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

/** @returns whether the prompt says `[V]`, and each `[name]` once */
export function listReferences(parts: readonly PromptPart[]): {
  readonly hasDefault: boolean;
  readonly names: readonly string[];
} {
  const names = parts.flatMap((part) => (part.kind === 'named' ? [part.name] : []));
  return { hasDefault: parts.some(({ kind }) => kind === 'default'), names: [...new Set(names)] };
}

/**
 * Puts the subject's words in the place of every reference.
 *
 * @returns the prompt to render: `a [V] on the beach` and `a [V] cat on the beach` both become
 *   `a zwx cat on the beach`
 */
export function fillPrompt(parts: readonly PromptPart[], words: SubjectWords): string {
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
    if (/[\p{L}\p{N}]$/u.test(filled)) filled += ' ';
    filled += words.identifier;
    if (!startsWithNoun(after, words.classNoun)) filled += ` ${words.classNoun}`;
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
