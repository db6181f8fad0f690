/** @file The parity table as text. */
import type { Row } from './compare.ts';

const columns = (item: string, relativeL2: string, maxAbs: string, tolerance: string) =>
  `${item.padEnd(72)} ${relativeL2.padStart(9)} ${maxAbs.padStart(9)} ${tolerance.padStart(11)}`;

export const HEADING = `${columns('item', 'rel. L2', 'max. abs', 'tolerance')}  pass`;

const number = (value: number | null): string => value?.toExponential(1) ?? '–';

/** One line; `abs` marks a tolerance of the largest absolute error. */
export function formatRow(row: Row): string {
  const unit = row.measure === 'maxAbs' ? 'abs' : 'rel';
  const tolerance = row.tolerance === 0 ? 'exact' : `${number(row.tolerance)} ${unit}`;
  const line = columns(row.item, number(row.relativeL2), number(row.maxAbs), tolerance);
  return `${line}  ${row.pass ? 'yes' : `NO${row.reason ? `: ${row.reason}` : ''}`}`;
}

/** How many items pass, and which one is nearest to its tolerance. */
export function summarize(rows: readonly Row[]): string {
  const passed = rows.filter(({ pass }) => pass).length;
  const [worst] = rows
    .filter(({ tolerance }) => tolerance > 0)
    .map((row) => ({ row, share: (row[row.measure] ?? 0) / row.tolerance }))
    .sort((a, b) => b.share - a.share);
  const nearest = worst
    ? `; nearest to its tolerance: ${worst.row.item} with ${(100 * worst.share).toFixed(1)} %`
    : '';
  return `${passed} of ${rows.length} items pass${nearest}`;
}
