/** @file Everything that a crowd can use, as the bot's own routes have it, and what of it nobody was served with. */
import { messageCommands } from '#bot/commands/index.ts';
import { buttons, forms, menus, modals, selects } from '#bot/components/index.ts';
import { kindOf, type Noted } from './ledger.ts';
import { possibleCommands } from './possible.ts';
import type { CommunityStage } from './stage.ts';

/** As {@link kindOf} names it. */
const everything: readonly string[] = [
  ...possibleCommands.map(({ kind }) => `command ${kind}`),
  ...possibleCommands.flatMap(({ kind, options }) =>
    options
      .filter((option) => 'autocomplete' in option && option.autocomplete)
      .map(({ name }) => `autocomplete ${kind} ${name}`),
  ),
  ...messageCommands.map(({ definition }) => `message command ${definition.name}`),
  ...Object.keys(buttons).map((action) => `button ${action}`),
  ...Object.keys(selects).map((action) => `menu ${action}`),
  ...menus.map(({ customId }) => `menu ${customId}`),
  ...Object.keys(forms).map((action) => `form ${action}`),
  ...modals.map(({ customId }) => `form ${customId}`),
];

/** @returns whether the bot did what an interaction asked for, as its log has it: a refusal does not count */
export function watchServed({ bot }: Pick<CommunityStage, 'bot'>): (id: string) => boolean {
  const served = new Set<unknown>();
  let seen = 0;
  return (id) => {
    for (; seen < bot.logs.length; seen += 1) {
      const line = bot.logs[seen];
      if (line?.msg === 'interaction handled') served.add(line.interactionId);
    }
    return served.has(id);
  };
}

/** @returns what nobody used, refused or not */
export function listUnused(noted: readonly Noted[]): string[] {
  const used = new Set(noted.map(kindOf));
  return everything.filter((kind) => !used.has(kind));
}

/** @returns what was never served */
export function listUnserved(
  stage: Pick<CommunityStage, 'bot'>,
  noted: readonly Noted[],
): string[] {
  const isServed = watchServed(stage);
  const used = new Set(noted.filter(({ interactionId }) => isServed(interactionId)).map(kindOf));
  return everything.filter((kind) => !used.has(kind));
}
