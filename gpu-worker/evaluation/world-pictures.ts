/** @file What the prompts ask for, as the world itself draws it: no training can do better by these judges. */
import { COLOURS } from '../pocket/world/colours.ts';
import {
  ACCESSORIES,
  CONTEXTS,
  type Restriction,
  type Scene,
  STYLES,
  type Subject,
  sampleScene,
  VIEWS,
} from '../pocket/world/scene.ts';
import { seedOf } from '../pocket/world/seeds.ts';
import type { EvaluationPrompt } from './prompts.ts';

/** A plain picture of somebody, in any place. */
const PLAIN = { style: 'plain', view: 'plain', accessory: 'none', shiny: false } as const;

const choiceOf = <Choice extends string>(choices: readonly Choice[], value: string): Choice => {
  const choice = choices.find((known) => known === value);
  if (choice === undefined) throw new RangeError(`${value}: expected ${choices.join(', ')}`);
  return choice;
};

/** What a prompt fixes in a picture of the subject. */
function askedOf(subject: Subject, { asks }: EvaluationPrompt): Restriction {
  switch (asks?.attribute) {
    case 'context':
      return { context: choiceOf(CONTEXTS, asks.value) };
    case 'style':
      return { style: choiceOf(STYLES, asks.value) };
    case 'view':
      return { view: choiceOf(VIEWS, asks.value) };
    case 'accessory':
      return { accessory: choiceOf(ACCESSORIES, asks.value) };
    case 'finish':
      return { shiny: asks.value === 'shiny' };
    case 'firstColour':
      return { subject: { ...subject, primary: choiceOf(COLOURS, asks.value) } };
    default:
      return {};
  }
}

/** Seeds that the captions of a base's own test do not reach. */
const FIRST_INDEX = 50_000_000;

/**
 * Scenes of the subject as a prompt asks for it.
 * @param first of the numbers that say which ones, in [0, 10⁷)
 */
export const answersTo = (
  prompt: EvaluationPrompt,
  subject: Subject,
  count: number,
  first: number,
): Scene[] =>
  Array.from({ length: count }, (_, i) =>
    sampleScene(seedOf('test', FIRST_INDEX + first + i), {
      subject,
      ...PLAIN,
      ...askedOf(subject, prompt),
    }),
  );

/** Scenes of anybody of the subject's class. */
export const classScenes = ({ className }: Subject, count: number, first: number): Scene[] =>
  Array.from({ length: count }, (_, i) =>
    sampleScene(seedOf('test', FIRST_INDEX + first + i), { className, ...PLAIN }),
  );
