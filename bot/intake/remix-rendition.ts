/** @file A rendition once more with the viewer's own subject: its words, seed and settings stay. Knows no Discord. */
import { searchUsableSubjects } from '#db/queries/subject-search.ts';
import type { Rendition } from '#db/schema/renditions.ts';
import type { Subject } from '#db/schema/subjects.ts';
import type { BotContext } from '../context.ts';
import { parsePrompt, withDefaultReference } from '../prompts.ts';
import { UserError } from '../user-error.ts';
import { refusals } from '../views/refusals.ts';
import { checkWish } from './check-wish.ts';
import { findVisibleRendition, type Viewer } from './rendition-at-hand.ts';
import { findSubjects } from './subjects-of-prompt.ts';
import { type RenditionPlace, type TakenRendition, takeRendition } from './take-rendition.ts';

/** What the form shows. */
export interface PreparedRemix {
  readonly renditionId: string;
  /** With `[V]` where the first subject went. */
  readonly prompt: string;
  /** Those that the viewer may draw here, one to 25. */
  readonly subjects: readonly Subject[];
}

/** @throws {UserError} where the viewer cannot see the rendition, or may draw no subject */
export async function prepareRemix(
  bot: Pick<BotContext, 'db'>,
  viewer: Viewer,
  renditionId: string,
): Promise<PreparedRemix> {
  const { prompt } = await findVisibleRendition(bot, viewer, renditionId);
  const found = await searchUsableSubjects(bot.db, { ...viewer, query: '' });
  const subjects = found.map(({ subject }) => subject);
  if (subjects.length === 0) throw new UserError('NO_SUBJECT', refusals.noSubject());
  return { renditionId, prompt: withDefaultReference(prompt), subjects };
}

/**
 * Draws it with another subject.
 *
 * @throws {UserError} where that is not possible; no row is left then
 */
export async function remixRendition(
  bot: BotContext,
  place: RenditionPlace,
  renditionId: string,
  remix: { readonly prompt: string; readonly subject: string },
): Promise<TakenRendition> {
  const rendition = await findVisibleRendition(bot, place, renditionId);
  const wish = checkWish({ ...wishOf(rendition), prompt: remix.prompt }, bot.renditionLimits);
  const { prompt } = wish;
  const parts = parsePrompt(prompt);
  const found = await findSubjects(bot, place, { prompt, parts, option: remix.subject });
  if (found.kind === 'ambiguous') {
    throw new UserError('AMBIGUOUS_SUBJECT', refusals.ambiguousSubject(found.candidates));
  }
  return takeRendition(bot, place, {
    wish,
    byKey: found.byKey,
    origin: { parentId: rendition.id },
  });
}

/** Its words and settings, without any picture that it started from. */
function wishOf({ prompt, seed, count, settings }: Rendition) {
  const { strength: _, enlarge: __, ...others } = settings;
  return { prompt, seed, count, settings: others };
}
