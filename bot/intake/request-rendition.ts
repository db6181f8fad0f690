/** @file The road of an `/imagine`: the prompt's subject, the resolved prompt, the row, then the job. Knows no Discord. */
import { randomInt } from 'node:crypto';
import { renderPrompt } from '#db/jobs/render-prompt.ts';
import type { Asker } from '#db/queries/grantees.ts';
import { countOpenJobs } from '#db/queries/open-jobs.ts';
import { createRendition } from '#db/queries/renditions.ts';
import { findSubjectByName, findUsableSubject, type UsableSubject } from '#db/queries/shares.ts';
import { findDefaultSubject } from '#db/queries/subjects.ts';
import { priorityFor } from '#db/queue.ts';
import type { Subject } from '#db/schema/subjects.ts';
import type { BotContext } from '../context.ts';
import {
  fillPrompt,
  listReferences,
  MAX_PROMPT_CHARACTERS,
  parsePrompt,
  suggestPrompt,
} from '../prompts.ts';
import { UserError } from '../user-error.ts';
import { refusals } from '../views/refusals.ts';
import { oneLine } from '../views/text.ts';

/** What the user asked for. */
export interface RenditionRequest extends Asker {
  readonly channelId: string;
  readonly interactionId: string;
  readonly prompt: string;
  /** The `subject` option: an id where it was chosen from the list, a name where it was typed. */
  readonly subject: string | null;
  readonly seed: number | null;
  readonly count: number;
}

/** How many renderings a user may have open. */
const MAX_OPEN_RENDITIONS = 25;
const MAX_SEED = 2 ** 32 - 1;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** @throws {UserError} when something about it is refused; no row is left then */
export async function requestRendition(
  bot: BotContext,
  request: RenditionRequest,
): Promise<{ subject: Subject; count: number }> {
  const prompt = oneLine(request.prompt);
  if (prompt === '') throw new UserError('PROMPT_EMPTY', refusals.promptEmpty());
  if (request.prompt.length > MAX_PROMPT_CHARACTERS) {
    throw new UserError(
      'PROMPT_TOO_LONG',
      refusals.promptTooLong(request.prompt.length, MAX_PROMPT_CHARACTERS),
    );
  }
  const parts = parsePrompt(prompt);
  const { subject, grantees } = await findSubject(bot, request, prompt);
  const { identifier, classNoun, currentArtifactId } = subject;
  if (identifier === null || currentArtifactId === null) {
    throw new UserError('NEVER_TRAINED', refusals.neverTrained(subject.name));
  }
  const open = await countOpenJobs(bot.db, request.userId);
  if (open.renditions >= MAX_OPEN_RENDITIONS) {
    throw new UserError('TOO_MANY_RENDITIONS', refusals.tooManyRenditions(open.renditions));
  }
  const { rendition, outcome } = await createRendition(bot.db, {
    userId: request.userId,
    guildId: request.guildId,
    channelId: request.channelId,
    interactionId: request.interactionId,
    subjectId: subject.id,
    artifactId: currentArtifactId,
    uses: [{ subjectId: subject.id, grantees }],
    prompt,
    resolvedPrompt: fillPrompt(parts, { identifier, classNoun }),
    seed: request.seed ?? randomInt(MAX_SEED),
    count: request.count,
    settings: {},
  });
  const { id: renditionId, interactionId } = rendition;
  bot.logger.info({ renditionId, interactionId, outcome }, 'rendition taken');
  bot.logger.debug({ renditionId, prompt }, 'prompt');
  // A queue that is out of order loses nothing: the sweep enqueues the row later.
  await bot.queue.enqueue(renderPrompt, renditionId, { priority: priorityFor(open.total + 1) });
  return { subject, count: rendition.count };
}

/** Finds the one subject that the prompt and the option mean. */
async function findSubject(
  bot: BotContext,
  request: RenditionRequest,
  prompt: string,
): Promise<UsableSubject> {
  const { hasDefault, names } = listReferences(parsePrompt(prompt));
  const chosen =
    request.subject === null ? undefined : await findChosen(bot, request, request.subject);
  const found = new Map<string, UsableSubject>();
  for (const name of names) {
    const named = await findSubjectByName(bot.db, request, name);
    if (!named) throw new UserError('UNKNOWN_NAME', refusals.unknownName(name));
    found.set(named.subject.id, named);
  }
  if (hasDefault || names.length === 0) {
    const usable = chosen ?? (await findDefault(bot, request, hasDefault));
    found.set(usable.subject.id, usable);
  } else if (chosen) {
    found.set(chosen.subject.id, chosen);
  }
  const [usable, ...others] = found.values();
  if (!usable || others.length > 0) {
    throw new UserError('SEVERAL_SUBJECTS', refusals.severalSubjects());
  }
  const { subject } = usable;
  if (!hasDefault && names.length === 0) {
    throw new UserError(
      'PROMPT_WITHOUT_SUBJECT',
      refusals.promptWithoutPlace(suggestPrompt(prompt, subject.classNoun)),
    );
  }
  if (subject.status === 'training' && subject.currentArtifactId === null) {
    throw new UserError('STILL_TRAINING', refusals.stillTraining(subject.name));
  }
  if (subject.status === 'untrained') {
    throw new UserError('NEVER_TRAINED', refusals.neverTrained(subject.name));
  }
  return usable;
}

async function findChosen(
  bot: BotContext,
  request: RenditionRequest,
  chosen: string,
): Promise<UsableSubject> {
  const usable = UUID.test(chosen)
    ? await findUsableSubject(bot.db, request, chosen)
    : await findSubjectByName(bot.db, request, oneLine(chosen));
  if (!usable) throw new UserError('UNKNOWN_SUBJECT', refusals.unknownSubject());
  return usable;
}

async function findDefault(
  bot: BotContext,
  request: RenditionRequest,
  hasDefault: boolean,
): Promise<UsableSubject> {
  const found = await findDefaultSubject(bot.db, request.userId);
  if (found.kind === 'found') {
    const usable = await findUsableSubject(bot.db, request, found.subject.id);
    if (!usable) throw new UserError('UNKNOWN_SUBJECT', refusals.unknownSubject());
    return usable;
  }
  if (found.kind === 'none') throw new UserError('NO_SUBJECT', refusals.noSubject());
  if (!hasDefault) {
    throw new UserError('PROMPT_WITHOUT_SUBJECT', refusals.promptWithoutSubject());
  }
  if (found.kind === 'training') {
    throw new UserError('STILL_TRAINING', refusals.stillTraining(found.subject.name));
  }
  throw new UserError(
    'AMBIGUOUS_SUBJECT',
    refusals.ambiguousSubject(found.subjects.map(({ name }) => name)),
  );
}
