/** @file Custom ids of buttons, menus and forms: `action:uuid[:index][:tail]`. Everything else about them is looked up in rows. */

/** Every button there is. */
export const buttonActions = [
  'train-start',
  'train-replace',
  'train-discard',
  'cancel',
  'finish',
  'use-weights',
  'publish',
  'delete',
  'keep',
  'page',
  'vote',
  'remix',
  'report',
  'unpublish',
  'allow',
  'refuse',
  'approve',
  'deny',
  'cancel-rendition',
  'enlarge-2',
  'enlarge-4',
  'vary-subtle',
  'vary-strong',
  'again',
  'edit',
  'info',
  'delete-pictures',
  'delete-pictures-now',
] as const;
/** See {@link buttonActions}. */
export type ButtonAction = (typeof buttonActions)[number];

/** Every menu there is. */
export const selectActions = ['choose-subject'] as const;
/** See {@link selectActions}. */
export type SelectAction = (typeof selectActions)[number];

/** Every form there is that is about a row. */
export const formActions = ['edit', 'remix', 'train-replace'] as const;
/** See {@link formActions}. */
export type FormAction = (typeof formActions)[number];

/** What a button, menu or form means. */
export interface ComponentTarget<Action extends string = string> {
  readonly action: Action;
  /** Id of the row that it is about. */
  readonly rowId: string;
  /** Which of the row's parts, from 0. */
  readonly index: number | null;
  /** What no row knows: how somebody looks at a gallery, see `gallery-tail.ts`. */
  readonly tail: string | null;
}

/** What a button means. */
export type ButtonTarget = ComponentTarget<ButtonAction>;
/** What a menu means. */
export type SelectTarget = ComponentTarget<SelectAction>;
/** What a form means. */
export type FormTarget = ComponentTarget<FormAction>;

const CUSTOM_ID =
  /^([a-z0-9-]{1,20}):([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(?::(\d{1,2}))?(?::([\w.-]{1,50}))?$/;

/** @returns the custom id of a button, menu or form, at most 100 characters with the longest tail and action */
export function buildCustomId(
  action: ButtonAction | SelectAction | FormAction,
  rowId: string,
  index?: number,
  tail?: string,
): string {
  return [action, rowId, index, tail].filter((part) => part !== undefined).join(':');
}

/**
 * @param actions what there is of this kind
 * @returns what a custom id means, or undefined for one that this release did not make
 */
export function parseCustomId<Action extends string>(
  customId: string,
  actions: readonly Action[],
): ComponentTarget<Action> | undefined {
  const [, word, rowId, index, tail] = CUSTOM_ID.exec(customId) ?? [];
  const action = actions.find((known) => known === word);
  if (!action || !rowId) return undefined;
  return { action, rowId, index: index === undefined ? null : Number(index), tail: tail ?? null };
}
