/** @file The parity table as text. */
import type { Row } from './compare.ts';

const columns = (item: string, relativeL2: string, maxAbs: string, tolerance: string) =>
  `${item.padEnd(72)} ${relativeL2.padStart(9)} ${maxAbs.padStart(9)} ${tolerance.padStart(11)}`;

export const HEADING = `${columns('item', 'rel. L2', 'max. abs', 'tolerance')}  pass`;

const number = (value: number | null): string => value?.toExponential(1) ?? '–';

const toleranceOf = ({ tolerance, measure }: Row): string =>
  tolerance === null ? '–' : `${number(tolerance)} ${measure === 'maxAbs' ? 'abs' : 'rel'}`;

/** One line; `abs` marks a tolerance of the largest absolute error. */
export function formatRow(row: Row): string {
  const tolerance = row.tolerance === 0 ? 'exact' : toleranceOf(row);
  // Messages of the runtime can have several lines.
  const reason = row.reason?.replaceAll(/\s+/g, ' ').trim();
  const line = columns(row.item, number(row.relativeL2), number(row.maxAbs), tolerance);
  return `${line}  ${row.pass ? 'yes' : `NO${reason ? `: ${reason}` : ''}`}`;
}

/** How many items pass, and which one is nearest to its tolerance. */
export function summarize(rows: readonly Row[]): string {
  const passed = rows.filter(({ pass }) => pass).length;
  const [worst] = rows
    .map((row) => ({ row, share: (row[row.measure] ?? 0) / (row.tolerance || Infinity) }))
    .sort((a, b) => b.share - a.share);
  const nearest = worst
    ? `; nearest to its tolerance: ${worst.row.item} with ${(100 * worst.share).toFixed(1)} %`
    : '';
  return `${passed} of ${rows.length} items pass${nearest}`;
}
