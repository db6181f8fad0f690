/** @file Queries: how a rendition comes to be. */
import type { Db } from '../client.ts';
import { type RenderSettings, renderSettingsSchema } from '../jobs/render-prompt.ts';
import { type Rendition, renditions } from '../schema/renditions.ts';
import { onlyRow, violatedConstraint } from './errors.ts';
import { ensureGuild } from './guilds.ts';
import { insertSubjectUses, type SubjectUse } from './rendition-subjects.ts';
import { findRenditionByInteraction } from './renditions.ts';
import { ensureUser } from './users.ts';

/** What `/imagine` asked for. */
export interface NewRendition {
  readonly userId: string;
  /** Null in a direct message. */
  readonly guildId: string | null;
  readonly channelId: string;
  readonly interactionId: string;
  readonly subjectId: string | null;
  readonly artifactId: string | null;
  /** Every subject in the picture, in the prompt's order. Default: the one above, as its owner's own. */
  readonly uses?: readonly SubjectUse[];
  /** As typed. */
  readonly prompt: string;
  /** With identifier and class noun filled in. */
  readonly resolvedPrompt: string;
  readonly seed: number;
  readonly count: number;
  readonly settings: RenderSettings;
  /** The subject of each reference in the prompt, by the reference's key. */
  readonly namedSubjects?: Readonly<Record<string, string>>;
  /** The rendition that it goes on from. */
  readonly parentId?: string;
  /** The rendition whose picture it starts from, and which one. */
  readonly sourceId?: string;
  readonly sourceIndex?: number;
  /** Storage id of the picture to start from, where the user gave one. */
  readonly startFileId?: string;
}

/**
 * `duplicate`: Discord delivered the interaction twice; the row is that of the first time.
 * `start-file-taken`: another rendition has this start picture already.
 */
export type CreatedRendition =
  | { readonly outcome: 'created' | 'duplicate'; readonly rendition: Rendition }
  | { readonly outcome: 'start-file-taken' };

/** Records a rendition. Enqueue the job afterwards. */
export async function createRendition(db: Db, rendition: NewRendition): Promise<CreatedRendition> {
  const earlier = await findRenditionByInteraction(db, rendition.interactionId);
  if (earlier) return { outcome: 'duplicate', rendition: earlier };
  try {
    return await db.transaction(async (tx) => {
      await ensureUser(tx, rendition.userId);
      await ensureGuild(tx, rendition.guildId);
      const { uses, artifactId, ...values } = rendition;
      const settings = renderSettingsSchema.parse(rendition.settings);
      const row = onlyRow(
        await tx
          .insert(renditions)
          .values({ ...values, settings })
          .returning(),
      );
      const { subjectId } = row;
      const own = subjectId === null ? [] : [{ subjectId, artifactId, grantees: [] }];
      await insertSubjectUses(tx, row.id, uses ?? own);
      return { outcome: 'created', rendition: row };
    });
  } catch (error) {
    const constraint = violatedConstraint(error);
    if (constraint === 'renditions_start_file_unique') return { outcome: 'start-file-taken' };
    if (constraint !== 'renditions_interaction_unique') throw error;
    const winner = await findRenditionByInteraction(db, rendition.interactionId);
    if (!winner) throw error;
    return { outcome: 'duplicate', rendition: winner };
  }
}
