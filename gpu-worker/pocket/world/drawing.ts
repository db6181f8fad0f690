/** @file Pens and paints: SVG fragments, the paints of a subject, and patterned surfaces. */

import { jitter, mix, type Rgb, rgbOf, toHex } from './colours.ts';
import { createRandom } from './random.ts';
import type { Pose, Subject } from './scene.ts';

/** What a class drawer returns, in coordinates centred on the subject, about ±42 wide and tall. */
export interface Drawing {
  readonly svg: string;
  /** Outline of the main surface, for gloss. */
  readonly surface: string;
  /** The lowest y; 40 unless told. */
  readonly base?: number;
  /** Where a hat sits: middle of its lower edge, width. */
  readonly crown?: { readonly x: number; readonly y: number; readonly width: number };
  /** Where a scarf goes: middle, width. */
  readonly neck?: { readonly x: number; readonly y: number; readonly width: number };
  /** Where glasses go: middle between the lenses, distance of the lenses. */
  readonly eyes?: { readonly x: number; readonly y: number; readonly gap: number };
}

/** Paints of one subject, and the surface function that applies its pattern. */
export interface Paints {
  readonly main: string;
  readonly second: string;
  /** A lighter and a darker main colour. */
  readonly pale: string;
  readonly deep: string;
  readonly line: string;
  readonly eye: string;
  /** Draws a closed path in the main colour with the subject's pattern and an outline. */
  surface(d: string): string;
}

/** Draws one individual of a class. */
export type Drawer = (subject: Subject, paints: Paints, pose: Pose, behind: boolean) => Drawing;

const f = (n: number): string => String(Math.round(n * 10) / 10);

/** Joins text and numbers into SVG with one decimal. */
export function svg(strings: TemplateStringsArray, ...values: (string | number)[]): string {
  let out = strings[0] ?? '';
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? '';
    out += (typeof value === 'number' ? f(value) : value) + (strings[i + 1] ?? '');
  }
  return out;
}

/** A filled path with the outline of its group. */
export function path(d: string, fill: string, extra = ''): string {
  return `<path d="${d}" fill="${fill}" ${extra}/>`;
}

/** A line of its own width and colour. */
export function line(d: string, stroke: string, width: number): string {
  return `<path d="${d}" fill="none" stroke="${stroke}" stroke-width="${f(width)}"/>`;
}

/** An ellipse with the outline of its group. */
export function oval(
  x: number,
  y: number,
  rx: number,
  ry: number,
  fill: string,
  extra = '',
): string {
  return `<ellipse cx="${f(x)}" cy="${f(y)}" rx="${f(rx)}" ry="${f(ry)}" fill="${fill}" ${extra}/>`;
}

/** Attribute that switches the outline off. */
export const BARE = 'stroke="none"';

/** @returns the path of an ellipse */
export function ovalPath(x: number, y: number, rx: number, ry: number): string {
  return svg`M${x - rx},${y}a${rx},${ry} 0 1 1 ${2 * rx},0a${rx},${ry} 0 1 1 ${-2 * rx},0Z`;
}

/** @returns the path of a rectangle with round corners */
export function boxPath(x: number, y: number, w: number, h: number, r: number): string {
  return svg`M${x + r},${y}h${w - 2 * r}q${r},0 ${r},${r}v${h - 2 * r}q0,${r} ${-r},${r}h${2 * r - w}q${-r},0 ${-r},${-r}v${2 * r - h}q0,${-r} ${r},${-r}Z`;
}

/** @returns the path of a star */
export function starPath(x: number, y: number, r: number, points = 5, inner = 0.45): string {
  let d = '';
  for (let i = 0; i < points * 2; i++) {
    const radius = i % 2 === 0 ? r : r * inner;
    const a = (Math.PI * i) / points - Math.PI / 2;
    d += svg`${i === 0 ? 'M' : 'L'}${x + radius * Math.cos(a)},${y + radius * Math.sin(a)}`;
  }
  return `${d}Z`;
}

/** A limb or tail: a thick line with an outline. */
export function limb(d: string, fill: string, outline: string, width: number): string {
  return line(d, outline, width + 5) + line(d, fill, width);
}

/** A lively round eye with a thin white rim, so that it shows on any pattern. */
export function eye(x: number, y: number, r: number, iris: string): string {
  return (
    oval(x, y, r + 1.3, r * 1.1 + 1.3, '#fff', BARE) +
    oval(x, y, r, r * 1.1, iris, BARE) +
    oval(x - r * 0.3, y - r * 0.4, r * 0.36, r * 0.36, '#fff', BARE)
  );
}

/** Marks in rows around the middle, every second row half a step aside; `reach` of them to each side. */
function staggered(
  reach: number,
  step: number,
  rowStep: number,
  mark: (x: number, y: number) => string,
): string {
  let d = '';
  for (let row = -reach - 1; row <= reach; row++)
    for (let col = -reach; col <= reach; col++)
      d += mark(col * step + (row % 2 === 0 ? step / 2 : 0), row * rowStep);
  return d;
}

/**
 * A subject's pattern over the whole drawing. In a picture of 64 pixels marks follow each other every ten pixels or more:
 * two and a half latents of an autoencoder that makes pictures four times smaller. All but patches stand in the same places
 * of a drawing, so that a denoiser which sees nothing but noise knows where to put them.
 */
function marksOf(subject: Subject, colour: string): string {
  switch (subject.pattern) {
    case 'plain':
      return '';
    case 'striped': {
      const step = 19;
      let d = '';
      for (let i = -4; i <= 3; i++) d += svg`M-70,${(i + 0.5) * step}h140`;
      return line(d, colour, step * 0.5);
    }
    case 'spotted': {
      const step = 19.5;
      const r = step * 0.315;
      const d = staggered(4, step, step * 0.87, (x, y) => ovalPath(x, y, r, r));
      return path(d, colour, BARE);
    }
    case 'patched': {
      const [, , , , , , a, b] = subject.shape;
      const random = createRandom(Math.floor(a * 65536) * 65536 + Math.floor(b * 65536));
      const turn = random.range(0, 6.28);
      let d = '';
      for (let i = 0; i < 5; i++) {
        const far = i === 0 ? 6 : 31;
        const angle = turn + i * 1.57;
        const r = random.range(12, 15);
        d += ovalPath(far * Math.cos(angle), far * Math.sin(angle), r * 1.15, r);
      }
      return path(d, colour, BARE);
    }
    case 'starred': {
      const step = 25.5;
      const d = staggered(3, step, step * 0.8, (x, y) => starPath(x, y, 10.5));
      return path(d, colour, BARE);
    }
  }
}

const NIGHT: Rgb = [28, 18, 34];
const WHITE: Rgb = [255, 255, 255];
const IRISES = ['#2a2230', '#2a2230', '#2f7d4f', '#3565b8', '#8a5a18'] as const;

/** Mixes the paints of a subject. */
export function paintsOf(subject: Subject): Paints {
  const main = jitter(rgbOf(subject.primary), subject.tint[0]);
  const second = jitter(rgbOf(subject.secondary), subject.tint[1]);
  const outline = toHex(mix(mix(main, second, 0.15), NIGHT, 0.8));
  const marks = marksOf(subject, toHex(second));
  let clips = 0;
  return {
    main: toHex(main),
    second: toHex(second),
    pale: toHex(mix(main, WHITE, 0.45)),
    deep: toHex(mix(main, NIGHT, 0.25)),
    line: outline,
    eye: IRISES[Math.floor(subject.shape[5] * IRISES.length)] ?? IRISES[0],
    surface(d) {
      if (marks === '') return path(d, toHex(main));
      const id = `s${clips++}`;
      return (
        `<clipPath id="${id}"><path d="${d}"/></clipPath>${path(d, toHex(main), BARE)}` +
        `<g clip-path="url(#${id})" stroke="none">${marks}</g>${path(d, 'none')}`
      );
    },
  };
}
