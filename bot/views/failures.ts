/** @file Why a training or a rendering failed, as a sentence for its owner. No code is missing: it would not compile. */
import type { FailureCode, FailureDetail } from '#db/jobs/outcome.ts';
import { say } from '../words/say.ts';
import { code, list, plain } from './text.ts';

const text = (value: FailureDetail[string] | undefined): string | undefined =>
  value === undefined || Array.isArray(value) ? undefined : String(value);

const texts = (value: FailureDetail[string] | undefined): readonly string[] =>
  Array.isArray(value) ? value : [];

const sentences = {
  PHOTO_UNREADABLE: () =>
    say('One of the photos could not be read any more. Send the photos again with `/train`.'),
  CLASS_NOUN_UNKNOWN: (detail) => {
    const nearest = texts(detail.nearestClassNouns).slice(0, 5);
    const hint =
      nearest.length > 0 ? say` Nearest: ${list(nearest.map((noun) => code(noun)))}.` : '';
    return say`I do not know this kind of thing.${hint} Use \`/train\` again with another class.`;
  },
  NO_IDENTIFIER_LEFT: () =>
    say(
      'You have so many subjects that no name is left for another one. Delete one with `/subject delete`, then train again.',
    ),
  PROMPT_TOO_LONG: (detail) => {
    const word = text(detail.word);
    return word === undefined
      ? say('The prompt is too long. Shorten it and try again.')
      : say`The prompt is too long: ${code(word, 60)} and what follows it does not fit. Shorten it and try again.`;
  },
  SUBJECT_NOT_TRAINED: () =>
    say('This subject has no trained weights. Teach it again with `/train`.'),
  SUBJECT_NOT_SHARED: () =>
    say(
      'Its owner no longer shares this subject with you. Ask them, or use one of your own: `/subject list`.',
    ),
  PICTURE_GONE: () =>
    say(
      'The picture that it was to start from is not there any more. Use `/imagine` with another one.',
    ),
  UNSAFE_OUTPUT: () => say('The picture was held back by the safety check. Try another prompt.'),
  SAFETY_UNAVAILABLE: () =>
    say(
      'The safety check does not work here, so nothing is drawn. Please tell the person who runs this bot.',
    ),
  BASE_MISSING: () =>
    say('The base model is not installed. Please tell the person who runs this bot.'),
  BASE_CHANGED: () =>
    say('The base model has changed since this subject was learned. Teach it again with `/train`.'),
  SUBJECT_DELETED: () => say('The subject was deleted.'),
  FILE_MISSING: () => say('A stored file is gone. Teach the subject again with `/train`.'),
  SETTINGS_UNSUPPORTED: (detail) => {
    const reason = text(detail.reason);
    const what = reason === undefined ? '' : `: ${code(reason, 200)}`;
    return say`The base model cannot work with these settings${what}. Try others, or tell the person who runs this bot.`;
  },
  NAN_LOSS: (detail) => {
    const step = text(detail.step);
    const when = step === undefined ? '' : say` at step ${plain(step, 10)}`;
    return say`The learning went astray${when} and was stopped. Try \`/train\` again, best with other photos.`;
  },
  ENGINE_CRASHED: () => say('The engine broke down several times over this. Try again later.'),
  OUT_OF_MEMORY: () =>
    say('There was not enough memory. Try again later, or tell the person who runs this bot.'),
  DISK_FULL: () =>
    say('The disk is full. Please tell the person who runs this bot, then try again.'),
  TOO_MANY_ATTEMPTS: () => say('It was interrupted too often, so I gave up. Try again later.'),
  TIMED_OUT: () => say('It took too long and was stopped. Try again later.'),
  INTERNAL: () => say('Something went wrong on my side. Try again later.'),
} satisfies Record<FailureCode, (detail: FailureDetail) => string>;

/** @returns one or two sentences: what happened, and what to do about it */
export function failureSentence(failureCode: FailureCode, detail: FailureDetail = {}): string {
  return (sentences[failureCode] as (detail: FailureDetail) => string)(detail);
}

/** @returns the sentence for a code as it stands in a row, which an older release may have written */
export function storedFailureSentence(stored: string | null): string {
  const known = Object.keys(sentences).find((name) => name === stored);
  return known ? failureSentence(known as FailureCode) : plain(sentences.INTERNAL());
}
