/** @file Plots as SVG text: means with their intervals, and curves. Readable without colour. */
import type { Estimate } from '../statistics.ts';
import { escapeMarkup } from './markup.ts';

const INK = '#22222a';
const FAINT = '#d9d9e0';
const STROKES = ['#2f5fd0', '#d0532f', '#2f8f5f', '#8a4fb5'] as const;
const DASHES = ['', '6 4', '2 3', '8 3 2 3'] as const;
const FONT = 'font-family="system-ui, sans-serif" font-size="12"';

/** Maps a value to pixels. */
type Scale = (value: number) => number;

const scaleOf = (range: readonly [number, number], pixels: readonly [number, number]): Scale => {
  const [low, high] = range;
  const [from, to] = pixels;
  return (value) => from + ((value - low) / (high - low)) * (to - from);
};

/** A little more than the values need, with round ends. */
export function rangeOf(values: readonly number[]): [number, number] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const step = niceStep(Math.max(high - low, 1e-6) / 4);
  return [Math.floor(low / step) * step, (Math.floor(high / step) + 1) * step];
}

/** The nearest of 1, 2 and 5 times a power of ten, from above. */
function niceStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  return power * (([1, 2, 5].find((factor) => factor * power >= step) ?? 10) as number);
}

function ticksOf([low, high]: readonly [number, number]): number[] {
  const step = niceStep((high - low) / 5);
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor((high - low) / step + 1e-9) + 1;
  return Array.from({ length: count }, (_, i) => (first + i) * step).filter(
    (tick) => tick <= high + 1e-9,
  );
}

const label = (value: number): string => String(Number(value.toPrecision(3)));

const text = (x: number, y: number, content: string, anchor: 'start' | 'middle' | 'end'): string =>
  `<text x="${x}" y="${y}" fill="${INK}" text-anchor="${anchor}" ${FONT}>${escapeMarkup(content)}</text>`;

const line = (x1: number, y1: number, x2: number, y2: number, stroke: string, more = ''): string =>
  `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" stroke="${stroke}" ${more}/>`;

const dot = (x: number, y: number, fill: string): string =>
  `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="4" fill="${fill}"/>`;

const svg = (width: number, height: number, title: string, body: string): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeMarkup(title)}"><rect width="${width}" height="${height}" fill="white"/>${body}</svg>\n`;

export interface NamedEstimate {
  readonly name: string;
  readonly estimate: Estimate;
}

const ROW = 26;
const NAMES = 240;
const WIDTH = 640;

/**
 * One row a variant: a dot for the mean, a line for its interval.
 * @param mark a value to compare with, drawn across all rows
 */
export function intervalPlot(
  title: string,
  rows: readonly NamedEstimate[],
  mark?: { readonly name: string; readonly value: number },
): string {
  const values = rows.flatMap(({ estimate }) => [estimate.low, estimate.high]);
  const range = rangeOf(mark ? [...values, mark.value] : values);
  const x = scaleOf(range, [NAMES, WIDTH - 20]);
  const bottom = 30 + rows.length * ROW;
  const grid = ticksOf(range)
    .map(
      (tick) =>
        line(x(tick), 26, x(tick), bottom, FAINT) +
        text(x(tick), bottom + 16, label(tick), 'middle'),
    )
    .join('');
  const marked = mark
    ? line(x(mark.value), 26, x(mark.value), bottom, INK, 'stroke-dasharray="4 3"') +
      text(x(mark.value), bottom + 32, mark.name, 'middle')
    : '';
  const body = rows
    .map(({ name, estimate }, i) => {
      const y = 30 + ROW * (i + 0.5);
      return (
        text(NAMES - 12, y + 4, name, 'end') +
        line(x(estimate.low), y, x(estimate.high), y, STROKES[0], 'stroke-width="2"') +
        dot(x(estimate.mean), y, STROKES[0])
      );
    })
    .join('');
  return svg(WIDTH, bottom + 40, title, text(0, 16, title, 'start') + grid + marked + body);
}

export interface Curve {
  readonly name: string;
  readonly points: readonly { readonly at: number; readonly estimate: Estimate }[];
}

const CURVE_HEIGHT = 280;

/** Means over an amount, with their intervals; places on the axis are where the points are. */
export function curvePlot(title: string, axis: string, curves: readonly Curve[]): string {
  const points = curves.flatMap((curve) => curve.points);
  const range = rangeOf(points.flatMap(({ estimate }) => [estimate.low, estimate.high]));
  const places = [...new Set(points.map(({ at }) => at))].sort((a, b) => a - b);
  const x = (at: number) =>
    scaleOf([0, Math.max(1, places.length - 1)], [60, WIDTH - 170])(places.indexOf(at));
  const y = scaleOf(range, [CURVE_HEIGHT - 50, 34]);
  const grid = ticksOf(range)
    .map(
      (tick) =>
        line(60, y(tick), WIDTH - 160, y(tick), FAINT) + text(52, y(tick) + 4, label(tick), 'end'),
    )
    .join('');
  const below = places.map((at) => text(x(at), CURVE_HEIGHT - 30, label(at), 'middle')).join('');
  const drawn = curves
    .map((curve, i) => drawCurve(curve, x, y, STROKES[i % 4]!, DASHES[i % 4]!))
    .join('');
  const axisText = text((60 + WIDTH - 170) / 2, CURVE_HEIGHT - 10, axis, 'middle');
  return svg(
    WIDTH,
    CURVE_HEIGHT,
    title,
    text(0, 16, title, 'start') + grid + below + axisText + drawn,
  );
}

function drawCurve(
  { name, points }: Curve,
  x: Scale,
  y: Scale,
  stroke: string,
  dash: string,
): string {
  const sorted = [...points].sort((a, b) => a.at - b.at);
  const path = sorted
    .map(({ at, estimate }) => `${x(at).toFixed(1)},${y(estimate.mean).toFixed(1)}`)
    .join(' ');
  const intervals = sorted
    .map(
      ({ at, estimate }) =>
        line(x(at), y(estimate.low), x(at), y(estimate.high), stroke, 'opacity="0.5"') +
        dot(x(at), y(estimate.mean), stroke),
    )
    .join('');
  const last = sorted.at(-1)!;
  return (
    `<polyline points="${path}" fill="none" stroke="${stroke}" stroke-width="2" stroke-dasharray="${dash}"/>` +
    intervals +
    text(x(last.at) + 12, y(last.estimate.mean) + 4, name, 'start')
  );
}
