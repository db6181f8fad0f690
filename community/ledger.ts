/** @file What happened: interactions by kind, how soon each was acknowledged, and both as a table. */

/** How an interaction reached the bot. */
export const interactionSorts = [
  'command',
  'message command',
  'autocomplete',
  'button',
  'menu',
  'form',
] as const;
/** See {@link interactionSorts}. */
export type InteractionSort = (typeof interactionSorts)[number];

/** One interaction. */
export interface Noted {
  readonly interactionId: string;
  readonly sort: InteractionSort;
  /** Such as `/subject share` or `vary-strong`. */
  readonly kind: string;
  /** From sending to the first answer; null where none came. */
  readonly ackMs: number | null;
  /** Whether a deferred answer was still without content when the run gave up on it. */
  readonly isUnsettled: boolean;
  /** Whether its thread was deleted meanwhile: then nobody is there to be answered. */
  readonly isPlaceGone: boolean;
}

/** @returns the value below which `share` of the values lie, 0 where there are none */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

/** @returns sort and kind, such as `button vote` */
export const kindOf = ({ sort, kind }: Noted): string => `${sort} ${kind}`;

/** @returns how often each kind was used */
function countKinds(noted: readonly Noted[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const key of noted.map(kindOf)) {
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

const acks = (noted: readonly Noted[]) => noted.flatMap(({ ackMs }) => ackMs ?? []);

/** @returns milliseconds to the first answer */
export function acknowledgement(noted: readonly Noted[]): {
  p50: number;
  p95: number;
  p99: number;
  max: number;
} {
  const all = acks(noted);
  return {
    p50: percentile(all, 0.5),
    p95: percentile(all, 0.95),
    p99: percentile(all, 0.99),
    max: percentile(all, 1),
  };
}

/** @returns two tables: interactions by kind, and milliseconds to the first answer by sort */
export function tables(noted: readonly Noted[]): string {
  const kinds = [...countKinds(noted)].sort(([a], [b]) => a.localeCompare(b));
  const groups = [
    ...interactionSorts.map((sort) => [sort, noted.filter((item) => item.sort === sort)] as const),
    ['all', noted] as const,
  ];
  const rows = groups.map(([name, items]) => {
    const { p50, p95, p99, max } = acknowledgement(items);
    return [name, items.length, ...[p50, p95, p99, max].map(Math.round)];
  });
  return [
    ...kinds.map(([kind, count]) => `${String(count).padStart(5)}  ${kind}`),
    '',
    line(['first answer, ms', 'count', 'p50', 'p95', 'p99', 'max']),
    ...rows.map(line),
  ].join('\n');
}

const line = ([name, ...cells]: readonly (string | number)[]) =>
  `${String(name).padEnd(18)}${cells.map((cell) => String(cell).padStart(8)).join('')}`;
