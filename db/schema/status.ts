/** @file Status words shared by the rows that a worker processes. */

/** Life of a training run or a rendition. */
export const rowStatuses = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const;
/** See {@link rowStatuses}. */
export type RowStatus = (typeof rowStatuses)[number];

/** Statuses in which work may still happen. */
export const openStatuses = ['queued', 'running'] as const satisfies readonly RowStatus[];

/** @returns whether nothing more will happen to a row with this status */
export function isTerminal(status: RowStatus): boolean {
  return !(openStatuses as readonly RowStatus[]).includes(status);
}
