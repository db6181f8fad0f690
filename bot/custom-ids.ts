/** @file Custom ids of buttons: `action:uuid[:index]`. Everything else about a button is looked up in rows. */

/** Every button there is. */
export const buttonActions = [
  'cancel',
  'publish',
  'delete',
  'keep',
  'gallery-older',
  'gallery-newer',
] as const;
/** See {@link buttonActions}. */
export type ButtonAction = (typeof buttonActions)[number];

/** What a button means. */
export interface ButtonTarget {
  readonly action: ButtonAction;
  /** Id of the row that the button is about. */
  readonly rowId: string;
  /** Which of the row's parts, from 0. */
  readonly index: number | null;
}

const CUSTOM_ID =
  /^([a-z-]{1,20}):([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(?::(\d{1,2}))?$/;

/** @returns the custom id of a button, at most 60 characters */
export function buildCustomId(action: ButtonAction, rowId: string, index?: number): string {
  return index === undefined ? `${action}:${rowId}` : `${action}:${rowId}:${index}`;
}

/** @returns what a custom id means, or undefined for one that this release did not make */
export function parseCustomId(customId: string): ButtonTarget | undefined {
  const [, word, rowId, index] = CUSTOM_ID.exec(customId) ?? [];
  const action = buttonActions.find((known) => known === word);
  if (!action || !rowId) return undefined;
  return { action, rowId, index: index === undefined ? null : Number(index) };
}
