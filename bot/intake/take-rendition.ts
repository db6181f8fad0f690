/** @file From a prompt whose subjects are known to a row and its job. Knows no Discord. */
import { randomInt } from 'node:crypto';
import { type RenditionWish, renderPrompt } from '#db/jobs/render-prompt.ts';
import { getArtifact } from '#db/queries/artifacts.ts';
import type { Asker } from '#db/queries/grantees.ts';
import { createRendition } from '#db/queries/new-renditions.ts';
import { countOpenJobs } from '#db/queries/open-jobs.ts';
import type { UsableSubject } from '#db/queries/shares.ts';
import { priorityFor } from '#db/queue.ts';
import type { Rendition } from '#db/schema/renditions.ts';
import type { Subject } from '#db/schema/subjects.ts';
import type { BotContext } from '../context.ts';
import { fillPrompt, parsePrompt } from '../prompts.ts';
import { optionRanges } from '../rendition-limits.ts';
import { UserError } from '../user-error.ts';
import { refusals } from '../views/refusals.ts';
import { isServed } from './worker-presence.ts';

/** Where the pictures go, and what made the request. */
export interface RenditionPlace extends Asker {
  readonly channelId: string;
  readonly interactionId: string;
}

/** What a rendition goes on from. */
export interface Origin {
  readonly parentId: string;
  /** The picture that it starts from. */
  readonly source?: { readonly renditionId: string; readonly pictureIndex: number } | undefined;
}

/** A row that was taken in, with the one or two subjects that it shows. */
export interface TakenRendition {
  readonly subjects: readonly Subject[];
  readonly rendition: Rendition;
  /** Whether a worker is there to take it. */
  readonly isServed: boolean;
}

/**
 * Records a rendition and enqueues it. Delivered twice, an interaction makes one row.
 *
 * @param wish checked by `checkWish`
 * @param byKey the subject of each reference in the prompt
 * @param origin absent where it begins with its prompt
 * @throws {UserError} when the user has too much under way, or the start picture was used before
 */
export async function takeRendition(
  bot: BotContext,
  place: RenditionPlace,
  {
    wish,
    byKey,
    origin,
  }: { wish: RenditionWish; byKey: ReadonlyMap<string, UsableSubject>; origin?: Origin },
): Promise<TakenRendition> {
  const uses = await listTogether(bot, byKey);
  const subjects = uses.map(({ subject }) => subject);
  const open = await countOpenJobs(bot.db, place.userId);
  if (open.renditions >= bot.renditionLimits.maxOpen) {
    throw new UserError('TOO_MANY_RENDITIONS', refusals.tooManyRenditions(open.renditions));
  }
  const { userId, guildId, channelId, interactionId } = place;
  const { prompt, seed, count, startFileId } = wish;
  // What goes on from another takes its settings from there.
  const { ownDefaults, ...settings } = wish.settings;
  const created = await createRendition(bot.db, {
    ...{ userId, guildId, channelId, interactionId },
    subjectId: uses[0].subject.id,
    artifactId: uses[0].subject.currentArtifactId,
    uses: uses.map(({ subject, grantees }) => ({
      subjectId: subject.id,
      artifactId: subject.currentArtifactId,
      grantees,
    })),
    prompt,
    resolvedPrompt: fillPrompt(parsePrompt(prompt), (key) => wordsOf(byKey.get(key))),
    namedSubjects: Object.fromEntries([...byKey].map(([key, { subject }]) => [key, subject.id])),
    seed: seed ?? randomInt(optionRanges.seed.max),
    count,
    settings: { ...settings, ...(ownDefaults && !origin && { ownDefaults }) },
    ...(startFileId !== undefined && { startFileId }),
    ...(origin && { parentId: origin.parentId }),
    ...(origin?.source && {
      sourceId: origin.source.renditionId,
      sourceIndex: origin.source.pictureIndex,
    }),
  });
  if (created.outcome === 'start-file-taken') {
    throw new UserError('DRAFT_GONE', refusals.draftGone());
  }
  const { rendition, outcome } = created;
  bot.logger.info({ renditionId: rendition.id, interactionId, outcome }, 'rendition taken');
  bot.logger.debug({ renditionId: rendition.id, prompt }, 'prompt');
  // A queue that is out of order loses nothing: the sweep enqueues the row later.
  await bot.queue.enqueue(renderPrompt, rendition.id, { priority: priorityFor(open.total + 1) });
  return { subjects, rendition, isServed: await isServed(bot, 'render-prompt') };
}

/**
 * Lists the subjects of a prompt, each once.
 *
 * @throws {UserError} where there are more than two, or two that cannot be drawn together
 */
async function listTogether(
  bot: Pick<BotContext, 'db'>,
  byKey: ReadonlyMap<string, UsableSubject>,
): Promise<readonly [UsableSubject, ...UsableSubject[]]> {
  const each = new Map([...byKey.values()].map((usable) => [usable.subject.id, usable]));
  const [one, other, ...more] = each.values();
  if (!one) throw new Error('prompt: no subject');
  if (!other) return [one];
  if (more.length > 0) throw new UserError('SEVERAL_SUBJECTS', refusals.severalSubjects());
  if (one.subject.identifier === other.subject.identifier) {
    const sentence = refusals.sameIdentifier(one.subject.name, other.subject.name);
    throw new UserError('SAME_IDENTIFIER', sentence);
  }
  for (const { subject } of [one, other]) {
    // Whole weights leave no room for a second subject; adapters are added to each other.
    const artifact = await getArtifact(bot.db, subject.currentArtifactId ?? '');
    if (artifact?.method !== 'lora') {
      throw new UserError('NOT_COMBINABLE', refusals.notCombinable(subject.name));
    }
  }
  return [one, other];
}

function wordsOf(usable: UsableSubject | undefined) {
  const { identifier, classNoun } = usable?.subject ?? { identifier: null, classNoun: '' };
  if (identifier === null) throw new Error('prompt: a reference without words');
  return { identifier, classNoun };
}
