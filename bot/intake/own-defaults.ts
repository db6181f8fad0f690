/** @file What a user's own defaults add to a wish. Knows no Discord. */
import {
  type DefaultableSetting,
  defaultableSettings,
  type OwnDefaults,
  type RenditionWish,
} from '#db/jobs/render-prompt.ts';
import { getOwnDefaults } from '#db/queries/own-defaults.ts';
import type { BotContext } from '../context.ts';
import { type RenditionLimits, renditionDefaults } from '../rendition-limits.ts';

/** A wish as its options gave it. */
export interface GivenWish extends Omit<RenditionWish, 'count'> {
  readonly count: number | undefined;
}

/** @returns the wish, with the user's own defaults where its options said nothing */
export async function withOwnDefaults(
  bot: Pick<BotContext, 'db' | 'renditionLimits'>,
  userId: string,
  wish: GivenWish,
): Promise<RenditionWish> {
  return fillWish(wish, await getOwnDefaults(bot.db, userId), bot.renditionLimits);
}

/** Pure. What was saved when a deployment allowed more is held to what it allows now. */
export function fillWish(
  { count, settings, ...wish }: GivenWish,
  defaults: OwnDefaults,
  limits: RenditionLimits,
): RenditionWish {
  const given = { ...settings, count };
  const used = defaultableSettings.filter(
    (name: DefaultableSetting) => given[name] === undefined && defaults[name] !== undefined,
  );
  const own = Object.fromEntries(used.map((name) => [name, defaults[name]])) as OwnDefaults;
  const { count: ownCount, numInferenceSteps, ...others } = own;
  return {
    ...wish,
    count: count ?? Math.min(ownCount ?? renditionDefaults.count, limits.maxCount),
    settings: {
      ...settings,
      ...others,
      ...(numInferenceSteps !== undefined && {
        numInferenceSteps: Math.min(numInferenceSteps, limits.maxSteps),
      }),
      ...(used.length > 0 && { ownDefaults: used }),
    },
  };
}
