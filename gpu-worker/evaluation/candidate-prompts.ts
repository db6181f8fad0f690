/** @file The few prompts that candidates are compared by. */
import {
  datasetPrompts,
  type EvaluationPrompt,
  isWorldClass,
  promptOf,
  worldPrompts,
} from './prompts.ts';

/** One prompt of the comparison. */
export interface CandidatePrompt extends Pick<EvaluationPrompt, 'asks' | 'keepsLook'> {
  /** With the identifier. */
  readonly text: string;
  /** Without it. */
  readonly plainText: string;
}

/** Places, something to wear, and styles in which an individual can be told. */
const WORLD_ASKS = ['jungle', 'snow', 'beach', 'city', 'red hat', 'painting', 'watercolor'];
/** Stands in for what cannot be worn. */
const ANOTHER_PLACE = 'desert';
const PLAIN: EvaluationPrompt = { form: 'a #', keepsLook: true };

/** @returns whether the base draws pocket's world, and nothing else */
export const drawsWorld = (classNouns: readonly string[] | undefined): boolean =>
  classNouns?.every(isWorldClass) ?? false;

/**
 * @param options.classNouns the base's closed list
 * @param options.words identifier and class noun
 * @param options.samples prompts that are drawn in any case; where one of them is also one of ours, it is scored
 * @returns the samples, and then ours that are not among them
 */
export function candidatePrompts(options: {
  classNouns: readonly string[] | undefined;
  classNoun: string;
  words: string;
  samples: readonly string[];
}): CandidatePrompt[] {
  const { classNouns, classNoun, words, samples } = options;
  const ours = chosenPrompts(classNouns, classNoun).map((prompt) => ({
    ...prompt,
    text: promptOf(prompt, words),
    plainText: promptOf(prompt, classNoun),
  }));
  const sampled = samples.map(
    (text) =>
      ours.find((prompt) => prompt.text === text) ?? {
        text,
        plainText: text.replaceAll(words, classNoun),
        keepsLook: true,
      },
  );
  const rest = ours.filter(({ text }) => !samples.includes(text));
  return [...sampled, ...rest];
}

function chosenPrompts(
  classNouns: readonly string[] | undefined,
  classNoun: string,
): EvaluationPrompt[] {
  if (drawsWorld(classNouns) && isWorldClass(classNoun)) {
    const asked = new Map(worldPrompts(classNoun).map((prompt) => [prompt.asks?.value, prompt]));
    const chosen = WORLD_ASKS.map((value) => asked.get(value) ?? asked.get(ANOTHER_PLACE));
    return [PLAIN, ...chosen.filter((prompt) => prompt !== undefined)];
  }
  // Three places, a forest, and three that are the noun's own: clothes, or more places.
  const prompts = datasetPrompts(classNoun);
  return [PLAIN, ...prompts.slice(0, 3), ...prompts.slice(9, 13)];
}
