/** @file Backgrounds: sixteen places on a 128 × 128 canvas, flat and calm so that the subject leads. */

import { mix, rgbOf, toHex } from './colours.ts';
import { ovalPath, path, svg } from './drawing.ts';
import type { Random } from './random.ts';
import type { Context, Scene } from './scene.ts';

const box = (x: number, y: number, w: number, h: number, fill: string, extra = ''): string =>
  svg`<rect x="${x}" y="${y}" width="${w}" height="${h}" fill="${fill}" ${extra}/>`;
const fillAll = (colour: string): string => box(0, 0, 128, 128, colour);
const disc = (x: number, y: number, r: number, fill: string): string =>
  svg`<circle cx="${x}" cy="${y}" r="${r}" fill="${fill}"/>`;
const stroke = (d: string, colour: string, width: number): string =>
  svg`<path d="${d}" fill="none" stroke="${colour}" stroke-width="${width}" stroke-linecap="round"/>`;

const cloud = (x: number, y: number, s: number): string =>
  path(
    ovalPath(x, y, 9 * s, 6 * s) +
      ovalPath(x + 9 * s, y + 1, 8 * s, 5 * s) +
      ovalPath(x - 9 * s, y + 1, 7 * s, 4.5 * s),
    '#ffffff',
  );

/** Scatters marks at seeded places inside a band. */
function scatter(
  random: Random,
  count: number,
  y0: number,
  y1: number,
  mark: (x: number, y: number) => string,
): string {
  let out = '';
  for (let i = 0; i < count; i++) out += mark(random.range(0, 128), random.range(y0, y1));
  return out;
}

const leaf = (x: number, y: number, dx: number, dy: number, fill: string): string =>
  path(
    svg`M${x},${y}Q${x + dx * 0.7 - dy * 0.3},${y + dy * 0.2 + dx * 0.1} ${x + dx},${y + dy}Q${x + dx * 0.2},${y + dy * 0.8} ${x},${y}Z`,
    fill,
  );

type Painter = (random: Random, scene: Scene) => string;

const PAINTERS: Record<Context, Painter> = {
  plain: (_r, scene) =>
    fillAll(
      toHex(mix(rgbOf(scene.backdrop), [255, 255, 255], scene.backdrop === 'white' ? 0.6 : 0.5)),
    ),

  jungle: (r) => {
    const trunk = (x: number): string =>
      box(x, 0, 7, 100, '#6b4a2e') + stroke(svg`M${x + 3},0q6,40 -2,70`, '#2f8a43', 2.5);
    let leaves = '';
    for (let i = 0; i < 7; i++) {
      const x = i * 21 + r.range(-6, 6);
      leaves += leaf(x, -4, r.range(-16, 16), r.range(26, 42), i % 2 === 0 ? '#1d7a3c' : '#46b04f');
    }
    let ferns = '';
    for (let i = 0; i < 9; i++) {
      const x = i * 16 + r.range(-5, 5);
      ferns += leaf(
        x,
        130,
        r.range(-16, 16),
        r.range(-44, -26),
        i % 2 === 0 ? '#2f9a48' : '#156b35',
      );
    }
    return (
      fillAll('#8fd28a') +
      path('M0,40Q30,24 64,38T128,34V128H0Z', '#57b262') +
      trunk(r.range(4, 24)) +
      trunk(r.range(96, 116)) +
      box(0, 96, 128, 32, '#2f8545') +
      leaves +
      ferns
    );
  },

  snow: (r) => {
    const pine = (x: number, s: number): string =>
      path(
        svg`M${x},${84 - 44 * s}l${13 * s},${22 * s}h${-5 * s}l${9 * s},${20 * s}h${-34 * s}l${9 * s},${-20 * s}h${-5 * s}Z`,
        '#5f9287',
      ) +
      path(
        svg`M${x},${84 - 44 * s}l${8 * s},${13 * s}q${-8 * s},${5 * s} ${-16 * s},0Z`,
        '#ffffff',
      );
    return (
      fillAll('#b9d6ee') +
      pine(r.range(6, 26), 1) +
      pine(r.range(102, 122), 1.1) +
      path(svg`M0,${r.range(74, 84)}Q32,${r.range(66, 76)} 70,80T128,78V128H0Z`, '#f4f9ff') +
      path('M0,104Q50,92 128,106V128H0Z', '#dfeaf7') +
      scatter(r, 22, 0, 124, (x, y) => disc(x, y, 1.9, '#ffffff'))
    );
  },

  beach: (r) => {
    const sunX = r.range(14, 114);
    const shore = r.range(84, 90);
    return (
      fillAll('#9bdcfa') +
      disc(sunX, 18, 10, '#ffe066') +
      cloud(r.range(20, 108), 30, 0.9) +
      box(0, 56, 128, 40, '#2f9fdc') +
      stroke(
        svg`M${r.range(4, 20)},66h22M${r.range(60, 90)},70h24M${r.range(20, 50)},77h18`,
        '#8fd6f5',
        2.4,
      ) +
      path(svg`M0,${shore}Q32,${shore - 7} 64,${shore}T128,${shore - 2}V128H0Z`, '#ffffff') +
      path(
        svg`M0,${shore + 4}Q32,${shore - 3} 64,${shore + 4}T128,${shore + 2}V128H0Z`,
        '#f6dc9a',
      ) +
      scatter(r, 9, 102, 126, (x, y) => disc(x, y, 1.5, '#d9b765'))
    );
  },

  city: (r) => {
    let far = '';
    let near = '';
    let lights = '';
    for (let i = 0; i < 6; i++) {
      const h = r.range(40, 84);
      const x = i * 22 - 2;
      const fill = r.pick(['#8b93ad', '#767f9e', '#a39fb4', '#6c7a98']);
      near += box(x, 96 - h, 20, h, fill);
      for (let y = 102 - h; y < 88; y += 13)
        lights += svg`M${x + 4},${y}h4v5h-4ZM${x + 12},${y}h4v5h-4Z`;
      far += box(x + 9, 96 - r.range(54, 92), 16, 92, '#bcc6dc');
    }
    return (
      fillAll('#dce7f5') +
      far +
      near +
      path(lights, '#ffe9a3') +
      box(0, 94, 128, 34, '#6a6b76') +
      box(0, 92, 128, 4, '#c9cbd4') +
      path('M6,112h18v4H6ZM42,112h18v4H42ZM78,112h18v4H78ZM114,112h18v4h-18Z', '#f7f2dd')
    );
  },

  night: (r) => {
    const x = r.range(16, 112);
    return (
      fillAll('#26347a') +
      disc(x, 22, 12, '#fff3b8') +
      disc(x + r.pick([-6, 6]), 18, 10, '#26347a') +
      scatter(r, 20, 2, 84, (sx, sy) => disc(sx, sy, 1.5, '#fff8d6')) +
      path(svg`M0,${r.range(82, 92)}Q40,${r.range(74, 84)} 128,90V128H0Z`, '#1a2350') +
      path('M0,106Q64,96 128,104V128H0Z', '#141b40')
    );
  },

  'wooden floor': (r) => {
    // Planks run towards the horizon.
    const shift = r.range(0, 22);
    let seams = '';
    for (let i = -8; i <= 8; i++) {
      const x = 64 + i * 11 + shift * 0.5;
      seams += svg`M${x},69L${64 + (x - 64) * 2.4},128`;
      const t = r.range(0.1, 0.9);
      const k = 1 + 1.4 * t;
      seams += svg`M${64 + (x - 64) * k},${69 + 59 * t}h${11 * k}`;
    }
    return (
      fillAll('#f4e6d0') +
      box(0, 64, 128, 5, '#fffaf0') +
      box(0, 69, 128, 60, '#c98a4f') +
      stroke(seams, '#94592c', 2) +
      stroke(
        svg`M${r.range(8, 40)},79h16M${r.range(60, 100)},93h18M${r.range(10, 80)},121h18`,
        '#dca56c',
        1.8,
      )
    );
  },

  grass: (r) => {
    const flower = (x: number, y: number): string =>
      disc(x, y, 5, '#ffcf33') + disc(x, y, 2.2, '#7a4a20');
    return (
      fillAll('#a9e2fb') +
      cloud(r.range(16, 60), 16, 0.9) +
      cloud(r.range(74, 116), 26, 0.8) +
      path(
        svg`M0,${r.range(60, 70)}Q40,${r.range(52, 62)} 128,${r.range(60, 70)}V128H0Z`,
        '#74cf5e',
      ) +
      path('M0,100Q60,90 128,102V128H0Z', '#56b648') +
      scatter(r, 4, 74, 124, (x, y) => flower(x < 64 ? x * 0.4 : 128 - (128 - x) * 0.4, y)) +
      stroke(
        scatter(r, 10, 78, 126, (x, y) => svg`M${x},${y}l-2,-6M${x + 3},${y}l2,-6`),
        '#3d9638',
        1.8,
      )
    );
  },

  desert: (r) => {
    const cx = r.chance(0.5) ? r.range(8, 20) : r.range(106, 118);
    return (
      fillAll('#ffd9a0') +
      disc(r.range(34, 94), 18, 11, '#fff0b0') +
      path(svg`M0,${r.range(62, 74)}Q34,${r.range(48, 58)} 74,72T128,62V128H0Z`, '#eda75c') +
      stroke(svg`M${cx},92V46M${cx},72h-9v-11M${cx},66h9v-11`, '#3f9a55', 7) +
      path('M0,92Q50,76 128,94V128H0Z', '#f0bd72') +
      path('M0,114Q70,100 128,112V128H0Z', '#e5a457')
    );
  },

  'under water': (r) => {
    let weed = '';
    for (let i = 0; i < 6; i++) {
      const x = (i < 3 ? 4 : 94) + (i % 3) * 13 + r.range(-3, 3);
      weed += svg`M${x},118q${r.range(-12, 12)},-16 0,-30t0,${r.range(-28, -10)}`;
    }
    return (
      fillAll('#2aa7c9') +
      path(
        svg`M${r.range(10, 40)},0h20l-26,128h-34ZM${r.range(74, 96)},0h16l-8,128h-34Z`,
        '#4dbdd8',
      ) +
      stroke(weed, '#1c8a62', 5) +
      path('M0,112Q40,102 70,110T128,108V128H0Z', '#e8d59a') +
      scatter(
        r,
        8,
        6,
        96,
        (x, y) =>
          svg`<circle cx="${x}" cy="${y}" r="${2 + (x % 3)}" fill="#b8ecf7" stroke="#ffffff" stroke-width="1.2"/>`,
      )
    );
  },

  'purple rug': (r) => {
    const wall = r.pick(['#f3ead8', '#efe6ee', '#e9eef2']);
    return (
      fillAll(wall) +
      box(0, 60, 128, 4, '#ffffff') +
      box(0, 64, 128, 64, '#d9b48a') +
      path(ovalPath(64, 106, 70, 33), '#7a3fb0') +
      svg`<ellipse cx="64" cy="106" rx="61" ry="26" fill="#9a5fd0" stroke="#e3c7f7" stroke-width="2.5" stroke-dasharray="6 4"/>`
    );
  },

  mountain: (r) => {
    const peak = (x: number, y: number, w: number): string =>
      path(svg`M${x - w},90L${x},${y}L${x + w},90Z`, '#7688a8') +
      path(svg`M${x},${y}L${x + w},90H${x + w * 0.2}Z`, '#62748f') +
      path(
        svg`M${x},${y}l${w * 0.3},${(90 - y) * 0.3}l${-w * 0.14},${-3}l${-w * 0.16},5l${-w * 0.16},-5l${-w * 0.14},3Z`,
        '#ffffff',
      );
    const x = r.range(20, 52);
    return (
      fillAll('#c4e6fa') +
      peak(x + 58, r.range(18, 30), 50) +
      peak(x, r.range(4, 16), 54) +
      path('M0,88Q40,78 128,90V128H0Z', '#6cbb63') +
      path('M0,108Q60,98 128,106V128H0Z', '#57a652')
    );
  },

  room: (r) => {
    const wall = r.pick(['#f7d9b8', '#cfe3d4', '#f2cfd0', '#d6dcf0']);
    const wx = r.chance(0.5) ? 8 : 84;
    const lx = wx === 8 ? 108 : 20;
    return (
      fillAll(wall) +
      svg`<rect x="${wx}" y="10" width="36" height="38" fill="#bfe7fb" stroke="#ffffff" stroke-width="4.5"/>` +
      stroke(svg`M${wx + 18},10v38M${wx},29h36`, '#ffffff', 3) +
      stroke(svg`M${lx},34V90`, '#7d6a5c', 3.5) +
      path(svg`M${lx - 14},36l6,-22h16l6,22Z`, '#ffd25e') +
      box(0, 86, 128, 5, '#fffaf2') +
      box(0, 91, 128, 40, '#b88764')
    );
  },

  'blue house': (r) => {
    const x = r.chance(0.5) ? 2 : 54;
    return (
      fillAll('#cfeefb') +
      cloud(x === 2 ? 104 : 22, 20, 0.9) +
      box(x + 6, 38, 60, 56, '#3f7fd6') +
      path(svg`M${x - 2},40L${x + 36},8L${x + 74},40Z`, '#d65a4a') +
      svg`<path d="M${x + 12},48h14v14h-14ZM${x + 46},48h14v14h-14Z" fill="#fff3b0" stroke="#ffffff" stroke-width="2.5"/>` +
      box(x + 29, 62, 14, 32, '#ffffff') +
      path('M0,90Q60,84 128,90V128H0Z', '#83cf68') +
      path('M0,108Q60,100 128,108V128H0Z', '#6bbd55')
    );
  },

  street: (r) => {
    let stones = '';
    for (let row = 0; row < 5; row++) {
      const h = 9 + row * 1.5;
      const y = 70 + row * 10.6 + row * row * 0.5;
      const w = 15 + row * 2.4;
      for (let x = -w * (row % 2 === 0 ? 0.2 : 0.7); x < 128; x += w)
        stones += svg`<rect x="${x + 1}" y="${y + 1}" width="${w - 2.4}" height="${h - 1.4}" rx="3.5" fill="${r.pick(['#a9adb8', '#979ca9', '#b9bcc5'])}"/>`;
    }
    const walls = r.pick([
      ['#f2b37a', '#eed9a2'],
      ['#eed9a2', '#e59a86'],
      ['#f0a892', '#d8c3a5'],
    ] as const);
    return (
      fillAll('#d8ecf7') +
      box(0, 10, 60, 60, walls[0]) +
      box(60, 20, 68, 50, walls[1]) +
      path('M-2,10h64l-5,-8h-54ZM58,20h72l-5,-8h-62Z', '#a8583f') +
      path('M10,22h12v16h-12ZM36,22h12v16h-12ZM74,32h12v14h-12ZM102,32h12v14h-12Z', '#7fa6bd') +
      box(0, 69, 128, 60, '#6f7480') +
      stones
    );
  },

  'pink fabric': (r) => {
    let folds = '';
    let lights = '';
    for (let i = 0; i < 6; i++) {
      const x = i * 25 - 8 + r.range(-5, 5);
      const bend = r.range(-14, 14);
      folds += svg`M${x},-4q${bend},50 4,70t${r.range(-16, 16)},66`;
      lights += svg`M${x + 8},-4q${bend},50 4,70t${r.range(-16, 16)},66`;
    }
    return fillAll('#fbb6d3') + stroke(folds, '#ee8fb9', 6) + stroke(lights, '#fdd3e4', 4);
  },
};

/** Contexts where things float or lie flat, so that no shadow falls on the ground. */
const WITHOUT_SHADOW: readonly Context[] = ['under water', 'pink fabric'];

/** @returns whether the subject throws a shadow on the ground */
export function hasShadow(context: Context): boolean {
  return !WITHOUT_SHADOW.includes(context);
}

/**
 * Paints the background of a scene.
 *
 * @param scene its context, backdrop and variation are used
 * @param random places the details
 * @returns SVG for a 128 × 128 canvas
 */
export function paintContext(scene: Scene, random: Random): string {
  return PAINTERS[scene.context](random, scene);
}
