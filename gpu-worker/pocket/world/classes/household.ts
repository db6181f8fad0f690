/** @file Drawers of things at home: teapot, vase, candle, clock. */

import { BARE, boxPath, type Drawer, line, oval, ovalPath, path, svg } from '../drawing.ts';

/** A round-bellied teapot. */
export const drawTeapot: Drawer = (subject, p) => {
  const [belly, spoutForm, handleForm, lidForm, footForm] = subject.shape;
  const w = 23 + belly * 4;
  const h = 19 + (1 - belly) * 5;
  const cy = 12;
  const body = ovalPath(0, cy, w, h);
  const spout = path(
    spoutForm > 0.5
      ? svg`M${-w + 7},${cy - 4}C${-w - 8},${cy - 4} ${-w - 4},-16 ${-w - 15},-18L${-w - 8},-23C${-w + 2},-20 ${-w + 2},-8 ${-w + 12},${cy - 12}Z`
      : svg`M${-w + 5},${cy + 4}L${-w - 16},-10L${-w - 8},-15L${-w + 12},${cy - 12}Z`,
    p.main,
  );
  const hd =
    handleForm > 0.5
      ? svg`M${w - 5},${cy - 12}C${w + 22},${cy - 26} ${w + 22},${cy + 18} ${w - 4},${cy + 11}`
      : svg`M${w - 5},${cy - 11}H${w + 11}V${cy + 10}H${w - 4}`;
  const top = cy - h;
  const lid = svg`M-15,${top + 4}Q-14,${top - 7 - lidForm * 4} 0,${top - 7 - lidForm * 4}Q14,${top - 7 - lidForm * 4} 15,${top + 4}Q0,${top + 8} -15,${top + 4}Z`;
  return {
    svg:
      line(hd, p.line, 10.5) +
      line(hd, p.second, 5.5) +
      spout +
      path(boxPath(-13 - footForm * 3, cy + h - 5, 26 + footForm * 6, 8, 3), p.second) +
      p.surface(body) +
      path(lid, p.second) +
      oval(0, top - 11 - lidForm * 4, 5, 5, p.main),
    base: cy + h + 4,
    surface: body,
  };
};

/** A vase, often with flowers. */
export const drawVase: Drawer = (subject, p, pose) => {
  const [neckForm, bellyForm, flowers, lipForm, petals] = subject.shape;
  const neck = 7 + neckForm * 7;
  const belly = 21 + bellyForm * 8;
  const lip = neck + 4 + lipForm * 4;
  const blooming = flowers > 0.4;
  const top = blooming ? -10 : -34;
  const mid = blooming ? 20 : 10;
  const body = svg`M${-lip},${top}Q${-neck},${top + 6} ${-neck},${top + 11}C${-neck},${top + 18} ${-belly},${mid - 10} ${-belly},${mid}C${-belly},${mid + 16} -15,34 -14,41H14C15,34 ${belly},${mid + 16} ${belly},${mid}C${belly},${mid - 10} ${neck},${top + 18} ${neck},${top + 11}Q${neck},${top + 6} ${lip},${top}Z`;
  const sway = pose.gesture * 4;
  const petalColour = petals > 0.66 ? '#ffd84a' : petals > 0.33 ? '#ff8fb4' : '#ffffff';
  const bloom = (x: number, y: number): string => {
    let d = '';
    for (let i = 0; i < 5; i++) {
      const a = i * 1.257 - 1.57;
      d += ovalPath(x + 6 * Math.cos(a), y + 6 * Math.sin(a), 4.4, 4.4);
    }
    return (
      path(d, petalColour, 'stroke-width="1.6"') +
      oval(x, y, 5.5, 5.5, petalColour, BARE) +
      oval(x, y, 3.8, 3.8, petals > 0.66 ? '#b0622a' : '#f7a325', BARE)
    );
  };
  const bouquet = blooming
    ? line(
        svg`M0,${top}Q-6,-20 ${-16 + sway},-26M0,${top}V-30M0,${top}Q6,-20 ${16 + sway},-24`,
        '#3f9a4c',
        3.4,
      ) +
      bloom(-17 + sway, -26) +
      bloom(17 + sway, -24) +
      bloom(sway, -34)
    : '';
  return {
    svg:
      bouquet +
      p.surface(body) +
      path(boxPath(-lip - 1, top - 3, lip * 2 + 2, 6, 3), p.second) +
      path(boxPath(-16, 37, 32, 5, 2.5), p.second),
    surface: body,
  };
};

/** A burning candle in a holder. */
export const drawCandle: Drawer = (subject, p, pose) => {
  const [widthForm, heightForm, holder, dripForm] = subject.shape;
  const w = 12 + widthForm * 6;
  const top = -14 - heightForm * 8;
  const sway = pose.gesture * 4;
  const body = svg`M${-w},${top + 4}Q${-w},${top} ${-w + 4},${top}H${w - 4}Q${w},${top} ${w},${top + 4}V32H${-w}Z`;
  const drip = path(
    svg`M${-w - 0.5},${top + 2}Q${-w},${top - 3} 0,${top - 3}Q${w},${top - 3} ${w + 0.5},${top + 2}V${top + 10 + dripForm * 8}q-2.5,4 -5,0V${top + 9}q-3,-3 -6,1v4q-2.5,4 -5,0V${top + 9}H${-w + 6}V${top + 16 - dripForm * 6}q-3,4 -6,0Z`,
    p.second,
  );
  const fy = top - 10;
  const flame =
    path(
      svg`M${sway},${fy - 15}C${10 + sway * 0.5},${fy - 4} 8,${fy + 6} 0,${fy + 6}C-8,${fy + 6} ${-10 + sway * 0.5},${fy - 4} ${sway},${fy - 15}Z`,
      '#ff9d2e',
      'stroke-width="1.8"',
    ) +
    path(
      svg`M${sway * 0.6},${fy - 5}C5,${fy} 4,${fy + 4} 0,${fy + 4}C-4,${fy + 4} -5,${fy} ${sway * 0.6},${fy - 5}Z`,
      '#fff3a0',
      BARE,
    );
  const glow = oval(0, fy - 3, 20, 20, '#ffe88a', `${BARE} opacity="0.35"`);
  const plate =
    holder > 0.5
      ? line('M28,30q16,-4 14,6q-2,6 -14,3', p.line, 7) +
        line('M28,30q16,-4 14,6q-2,6 -14,3', p.second, 2.6) +
        path('M-32,29H32Q32,41 16,41H-16Q-32,41 -32,29Z', p.second)
      : path('M-20,28H20L16,34H-16Z', p.second) + path('M-10,34H10L24,41H-24Z', p.second);
  return {
    svg:
      glow + line(svg`M0,${top}V${top - 7}`, '#2a2230', 2) + p.surface(body) + drip + flame + plate,
    surface: body,
  };
};

/** An alarm clock or a square desk clock. */
export const drawClock: Drawer = (subject, p) => {
  const [form, faceForm, hourForm, minuteForm, handForm] = subject.shape;
  const round = form > 0.35;
  const r = 19 + faceForm * 3;
  const cy = 4;
  const body = round ? ovalPath(0, cy, 33, 33) : boxPath(-34, cy - 32, 68, 64, 12);
  const bells =
    round && form > 0.5
      ? line('M-20,-22L-26,-33M20,-22L26,-33', p.line, 4) +
        path('M-36,-24A13,13 0 0 1 -14,-37Z', p.second) +
        path('M36,-24A13,13 0 0 0 14,-37Z', p.second) +
        line('M0,-30V-38M-4,-39H4', p.line, 3.6)
      : round
        ? line('M0,-28V-33', p.line, 5) + oval(0, -37, 6, 5, p.second)
        : '';
  const legs =
    path('M-22,28L-30,41H-20L-12,32Z', p.second) + path('M22,28L30,41H20L12,32Z', p.second);
  let ticks = '';
  for (let i = 0; i < 4; i++) {
    const a = (i * Math.PI) / 2;
    ticks += svg`M${(r - 5) * Math.cos(a)},${cy + (r - 5) * Math.sin(a)}L${(r - 2) * Math.cos(a)},${cy + (r - 2) * Math.sin(a)}`;
  }
  const hand = (turn: number, length: number): string =>
    svg`M0,${cy}L${length * Math.sin(turn * 6.283)},${cy - length * Math.cos(turn * 6.283)}`;
  return {
    svg:
      legs +
      bells +
      p.surface(body) +
      oval(0, cy, r, r, '#fffdf5') +
      line(ticks, '#2a2230', 2.4) +
      line(hand(hourForm, r * 0.5), '#2a2230', 3.4) +
      line(hand(minuteForm, r * 0.78), handForm > 0.5 ? '#e23434' : '#2a2230', 2.4) +
      oval(0, cy, 2.4, 2.4, '#2a2230', BARE),
    surface: body,
  };
};
