/** @file Things that live classes wear, drawn at the anchors a class drawer gives. */

import { BARE, type Drawing, line, oval, path, svg } from './drawing.ts';
import type { Accessory } from './scene.ts';

const INK = '#241c28';

function scarf(x: number, y: number, w: number, colours: readonly string[]): string {
  const h = w / 2;
  const band = svg`M${x - h},${y - 3}Q${x},${y + 7} ${x + h},${y - 3}`;
  const tail = svg`M${x + h * 0.42},${y + 3}L${x + h * 0.62},${y + 22}`;
  const outline = line(band, INK, 11.5) + line(tail, INK, 12.5);
  const first = colours[0] ?? INK;
  if (colours.length === 1) return outline + line(band, first, 7) + line(tail, first, 8);
  let stripes = '';
  const n = 6;
  for (let i = 0; i < n; i++) {
    const colour = colours[i % colours.length] ?? first;
    const at = (t: number) => ({
      px: x - h + 2 * h * t,
      py: y - 3 + 20 * t * (1 - t),
    });
    const [a, b] = [at(i / n), at((i + 1) / n)];
    stripes += `<path d="${svg`M${a.px},${a.py}L${b.px},${b.py}`}" fill="none" stroke="${colour}" stroke-width="7" stroke-linecap="butt"/>`;
    const t0 = i / n;
    const t1 = (i + 1) / n;
    const [dx, dy] = [h * 0.2, 19];
    stripes += `<path d="${svg`M${x + h * 0.42 + dx * t0},${y + 3 + dy * t0}L${x + h * 0.42 + dx * t1},${y + 3 + dy * t1}`}" fill="none" stroke="${colour}" stroke-width="8" stroke-linecap="butt"/>`;
  }
  return outline + stripes;
}

/**
 * Draws an accessory on a subject.
 *
 * @param accessory what to wear
 * @param drawing the subject's anchors
 * @param behind whether the subject is seen from behind; glasses are hidden then
 * @returns SVG in the subject's coordinates; empty where the class lacks the anchor
 */
export function drawAccessory(accessory: Accessory, drawing: Drawing, behind: boolean): string {
  const { crown, neck, eyes } = drawing;
  switch (accessory) {
    case 'none':
      return '';
    case 'red hat': {
      if (crown === undefined) return '';
      const { x, y, width: w } = crown;
      return (
        path(
          svg`M${x - w * 0.5},${y + 1}C${x - w * 0.52},${y - 20} ${x + w * 0.52},${y - 20} ${x + w * 0.5},${y + 1}Z`,
          '#e6262f',
        ) +
        path(
          svg`M${x - w * 0.62},${y - 3}Q${x},${y - 8} ${x + w * 0.62},${y - 3}Q${x + w * 0.66},${y + 4} ${x + w * 0.58},${y + 4}Q${x},${y - 1} ${x - w * 0.58},${y + 4}Q${x - w * 0.66},${y + 4} ${x - w * 0.62},${y - 3}Z`,
          '#b30f1f',
        )
      );
    }
    case 'black top hat': {
      if (crown === undefined) return '';
      const { x, y, width: w } = crown;
      return (
        path(
          svg`M${x - w * 0.42},${y}L${x - w * 0.46},${y - 22}Q${x},${y - 26} ${x + w * 0.46},${y - 22}L${x + w * 0.42},${y}Z`,
          '#26232e',
          'stroke="#0c0a10"',
        ) +
        path(
          svg`M${x - w * 0.43},${y - 8}H${x + w * 0.43}V${y - 2}H${x - w * 0.42}Z`,
          '#e8e4f0',
          BARE,
        ) +
        oval(x, y + 0.5, w * 0.78, 4, '#26232e', 'stroke="#0c0a10"')
      );
    }
    case 'gold crown': {
      if (crown === undefined) return '';
      const { x, y, width: w } = crown;
      return (
        path(
          svg`M${x - w * 0.5},${y + 3}L${x - w * 0.58},${y - 16}L${x - w * 0.27},${y - 7}L${x},${y - 20}L${x + w * 0.27},${y - 7}L${x + w * 0.58},${y - 16}L${x + w * 0.5},${y + 3}Q${x},${y + 7} ${x - w * 0.5},${y + 3}Z`,
          '#ffc928',
        ) + oval(x, y - 3.5, 2.8, 2.8, '#e6262f', BARE)
      );
    }
    case 'blue scarf':
      return neck === undefined ? '' : scarf(neck.x, neck.y, neck.width, ['#2f7bea']);
    case 'rainbow scarf':
      return neck === undefined
        ? ''
        : scarf(neck.x, neck.y, neck.width, [
            '#ef3b3b',
            '#ff9a2e',
            '#ffe04a',
            '#4cc05a',
            '#3f8cf0',
            '#9a55d8',
          ]);
    case 'sunglasses': {
      if (eyes === undefined || behind) return '';
      const { x, y, gap } = eyes;
      const r = Math.max(6.5, gap * 0.78);
      return (
        line(svg`M${x - gap - r},${y - 2}H${x + gap + r}`, '#17131c', 3) +
        path(
          svg`M${x - gap - r},${y - 4}h${2 * r - 1}q0,${r * 1.7} ${-r},${r * 1.7}q${-r},0 ${-r},${-r * 1.7}ZM${x + gap - r + 1},${y - 4}h${2 * r - 1}q0,${r * 1.7} ${-r},${r * 1.7}q${-r},0 ${-r},${-r * 1.7}Z`,
          '#17131c',
          'stroke="#17131c" stroke-width="2"',
        ) +
        line(
          svg`M${x - gap - r * 0.4},${y + 2}l4,-4M${x + gap - r * 0.3},${y + 2}l4,-4`,
          '#ffffff',
          1.8,
        )
      );
    }
  }
}
