/** @file Drawers of things to wear: backpack, boot, sneaker. */

import { boxPath, type Drawer, line, oval, path, svg } from '../drawing.ts';

/** A backpack; from behind its straps show. */
export const drawBackpack: Drawer = (subject, p, _pose, behind) => {
  const [roundForm, pocketForm, flapForm, widthForm, charm] = subject.shape;
  const w = 25 + widthForm * 4;
  const top = -32;
  const r = 14 + roundForm * 9;
  const body = svg`M${-w},${top + r}Q${-w},${top} ${-w + r},${top}H${w - r}Q${w},${top} ${w},${top + r}V34Q${w},41 ${w - 7},41H${-w + 7}Q${-w},41 ${-w},34Z`;
  const handle = line(
    svg`M-9,${top + 2}V${top - 4}Q-9,${top - 9} 0,${top - 9}Q9,${top - 9} 9,${top - 4}V${top + 2}`,
    p.line,
    5,
  );
  const sides =
    path(boxPath(-w - 7, 10, 10, 24, 4), p.second) + path(boxPath(w - 3, 10, 10, 24, 4), p.second);
  if (behind) {
    const strap = (side: number): string =>
      line(svg`M${side * 9},${top + 8}Q${side * 22},${top + 16} ${side * 17},34`, p.line, 12) +
      line(svg`M${side * 9},${top + 8}Q${side * 22},${top + 16} ${side * 17},34`, p.second, 7);
    return { svg: handle + sides + p.surface(body) + strap(-1) + strap(1), surface: body };
  }
  const pocketTop = 8 + pocketForm * 5;
  const pocket = boxPath(-w + 6, pocketTop, 2 * w - 12, 36 - pocketTop, 6);
  const flapEnd = -10 + flapForm * 8;
  const flap =
    flapForm > 0.45
      ? path(
          svg`M${-w},${top + r}Q${-w},${top} ${-w + r},${top}H${w - r}Q${w},${top} ${w},${top + r}V${flapEnd - 4}Q0,${flapEnd + 12} ${-w},${flapEnd - 4}Z`,
          p.second,
        ) + path(boxPath(-4, flapEnd - 3, 8, 12, 2), '#f3d36b', 'stroke-width="1.6"')
      : line(svg`M${-w + 5},${-6}Q0,${-14} ${w - 5},${-6}`, p.line, 2.4) +
        path(boxPath(w - 13, -8, 5, 9, 2), '#f3d36b', 'stroke-width="1.4"');
  return {
    svg:
      handle +
      sides +
      p.surface(body) +
      flap +
      (flapForm > 0.45 ? p.surface(pocket) : path(pocket, p.second)) +
      line(svg`M${-w + 11},${pocketTop + 7}H${w - 11}`, p.line, 1.8) +
      (charm > 0.6
        ? oval(0, pocketTop + 16, 5, 5, flapForm > 0.45 ? p.second : p.main, 'stroke-width="1.6"')
        : ''),
    surface: body,
  };
};

/** A tall boot. */
export const drawBoot: Drawer = (subject, p) => {
  const [shaftForm, toeForm, cuffForm, heelForm, trim] = subject.shape;
  const w = 15 + shaftForm * 4;
  const toe = 36 + toeForm * 6;
  const top = -38;
  const cuff = 9 + cuffForm * 6;
  const body = svg`M${4 - w},${top}H${8 + w}V8Q${10 + w},24 ${8 + w},34H${-toe}Q${-toe - 3},18 ${-toe + 14},14Q${2 - w},10 ${4 - w},-4Z`;
  const sole = path(
    svg`M${-toe - 1},33H${10 + w}V${41}H${w - 10 - heelForm * 3}V${38}H${-toe + 2}Q${-toe - 3},38 ${-toe - 1},33Z`,
    '#5b4436',
  );
  const laces =
    trim > 0.5
      ? line(svg`M${2 - w},-16h13M${2 - w},-8h13M${1 - w},0h13`, '#fff8e6', 3)
      : path(svg`M${3.2 - w},-2H${8.5 + w}V5H${1 - w}Z`, p.second, 'stroke-width="1.8"') +
        path(boxPath(2, -3.5, 10, 10, 2), '#f3d36b', 'stroke-width="1.6"');
  return {
    svg:
      p.surface(body) + sole + path(boxPath(1 - w, top - 4, 2 * w + 10, cuff, 4), p.second) + laces,
    surface: body,
  };
};

/** A low sneaker. */
export const drawSneaker: Drawer = (subject, p) => {
  const [collar, toeForm, soleForm, badge, laceForm] = subject.shape;
  const top = -19 - collar * 7;
  const toe = 40 + toeForm * 3;
  const sole = 8 + soleForm * 4;
  const body = svg`M38,${top}Q42,4 40,22H${-toe}Q${-toe - 2},8 ${-toe + 16},4Q-18,0 -6,${top + 3}Q0,${top - 6} 6,${top - 3}Q20,${top + 8} 30,${top}Q35,${top - 5} 38,${top}Z`;
  const cap = path(
    svg`M${-toe},22Q${-toe - 2},8 ${-toe + 16},4Q${-toe + 24},8 ${-toe + 23},22Z`,
    '#fffaf0',
  );
  const laces = line(
    svg`M-18,-5l9,7M-11,-11l9,7M-5,-17l9,7`,
    laceForm > 0.5 ? '#ffffff' : '#ffe27a',
    3.6,
  );
  const logo =
    badge > 0.5
      ? path('M4,14Q18,14 32,0Q26,17 8,19Z', p.second, 'stroke-width="1.5"')
      : path('M8,-2h6l-5,21h-6ZM19,-2h6l-5,21h-6Z', p.second, 'stroke-width="1.4"');
  return {
    svg:
      p.surface(body) +
      path(svg`M26,${top + 3}Q35,${top - 5} 38,${top}Q42,4 40,22H30Z`, p.second) +
      cap +
      laces +
      logo +
      path(
        svg`M${-toe - 3},20H43V${20 + sole}Q43,${23 + sole} 40,${23 + sole}H${-toe}Q${-toe - 4},${23 + sole} ${-toe - 3},20Z`,
        '#fffaf0',
      ) +
      line(svg`M${-toe},${21 + sole * 0.6}H41`, p.main, 2.4),
    base: 23 + sole,
    surface: body,
  };
};
