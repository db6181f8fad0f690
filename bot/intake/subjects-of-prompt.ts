/** @file Which subjects a prompt means, for the person who typed it, where they typed it. Knows no Discord. */
import type { Asker } from '#db/queries/grantees.ts';
import { findSubjectByName, findUsableSubject, type UsableSubject } from '#db/queries/shares.ts';
import { findDefaultSubject } from '#db/queries/subjects.ts';
import type { Subject } from '#db/schema/subjects.ts';
import type { BotContext } from '../context.ts';
import {
  DEFAULT_KEY,
  listReferences,
  type PromptPart,
  type Reference,
  suggestPrompt,
} from '../prompts.ts';
import { UserError } from '../user-error.ts';
import { refusals } from '../views/refusals.ts';
import { oneLine } from '../views/text.ts';

/** The subject of each reference of a prompt, by its key; or several that `[V]` could be. */
export type PromptSubjects =
  | { readonly kind: 'found'; readonly byKey: ReadonlyMap<string, UsableSubject> }
  | { readonly kind: 'ambiguous'; readonly candidates: readonly Subject[] };

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Finds the subjects that the prompt and the `subject` option mean.
 *
 * @param prompt as typed, for the hint to one that mentions no subject
 * @param known references whose subject is settled
 * @param option an id where it was chosen from a list, a name where it was typed, null where it is absent
 * @throws {UserError} where a name leads nowhere, a subject cannot be drawn yet, or none is mentioned
 */
export async function findSubjects(
  bot: Pick<BotContext, 'db'>,
  asker: Asker,
  {
    prompt,
    parts,
    option,
    known,
  }: {
    prompt: string;
    parts: readonly PromptPart[];
    option: string | null;
    known?: ReadonlyMap<string, UsableSubject>;
  },
): Promise<PromptSubjects> {
  const references = listReferences(parts);
  const chosen = option === null ? undefined : await findChosen(bot, asker, option);
  if (references.length === 0) {
    throw await refusePlainPrompt(bot, asker, prompt, chosen?.subject);
  }
  const byKey = new Map<string, UsableSubject>();
  for (const reference of references) {
    const settled = reference.key === DEFAULT_KEY && chosen ? chosen : known?.get(reference.key);
    const means = settled
      ? ({ kind: 'found', usable: settled } as const)
      : await findReference(bot, asker, reference);
    if (means.kind === 'ambiguous') return means;
    byKey.set(reference.key, requireDrawable(means.usable));
  }
  const found = new Set([...byKey.values()].map(({ subject }) => subject.id));
  if (chosen && !found.has(chosen.subject.id)) {
    throw new UserError('CHOSEN_WITHOUT_PLACE', refusals.chosenWithoutPlace(chosen.subject.name));
  }
  return { kind: 'found', byKey };
}

type Meaning =
  | { readonly kind: 'found'; readonly usable: UsableSubject }
  | { readonly kind: 'ambiguous'; readonly candidates: readonly Subject[] };

async function findReference(
  bot: Pick<BotContext, 'db'>,
  asker: Asker,
  { name }: Reference,
): Promise<Meaning> {
  if (name !== null) {
    const usable = await findSubjectByName(bot.db, asker, name);
    if (usable) return { kind: 'found', usable };
    throw new UserError('UNKNOWN_NAME', refusals.unknownName(name));
  }
  const found = await findDefaultSubject(bot.db, asker.userId);
  if (found.kind === 'ambiguous') return { kind: 'ambiguous', candidates: found.subjects };
  const usable =
    found.kind === 'none' ? undefined : await findUsableSubject(bot.db, asker, found.subject.id);
  if (usable) return { kind: 'found', usable };
  throw new UserError('NO_SUBJECT', refusals.noSubject());
}

async function findChosen(
  bot: Pick<BotContext, 'db'>,
  asker: Asker,
  option: string,
): Promise<UsableSubject> {
  const usable = UUID.test(option)
    ? await findUsableSubject(bot.db, asker, option)
    : await findSubjectByName(bot.db, asker, oneLine(option));
  if (usable) return usable;
  throw new UserError('UNKNOWN_SUBJECT', refusals.unknownSubject());
}

/** @throws {UserError} where it was never learned, or is not learned yet */
export function requireDrawable(usable: UsableSubject): UsableSubject {
  const { name, status, identifier, currentArtifactId } = usable.subject;
  if (status === 'training' && currentArtifactId === null) {
    throw new UserError('STILL_TRAINING', refusals.stillTraining(name));
  }
  if (identifier === null || currentArtifactId === null) {
    throw new UserError('NEVER_TRAINED', refusals.neverTrained(name));
  }
  return usable;
}

/** A prompt without any reference is answered with the prompt as it should be. */
async function refusePlainPrompt(
  bot: Pick<BotContext, 'db'>,
  asker: Asker,
  prompt: string,
  chosen: Subject | undefined,
): Promise<UserError> {
  const found = chosen
    ? ({ kind: 'found', subject: chosen } as const)
    : await findDefaultSubject(bot.db, asker.userId);
  if (found.kind === 'none') return new UserError('NO_SUBJECT', refusals.noSubject());
  const hint =
    found.kind === 'ambiguous'
      ? refusals.promptWithoutSubject()
      : refusals.promptWithoutPlace(suggestPrompt(prompt, found.subject.classNoun));
  return new UserError('PROMPT_WITHOUT_SUBJECT', hint);
}
