/** @file Drawers of toys and vehicles: stuffed animal, toy robot, car. */

import {
  BARE,
  boxPath,
  type Drawer,
  eye,
  limb,
  line,
  oval,
  ovalPath,
  path,
  svg,
} from '../drawing.ts';

/** A sitting plush bear or rabbit. */
export const drawStuffedAnimal: Drawer = (subject, p, pose, behind) => {
  const [earForm, headForm, bellyForm, limbForm, eyeForm] = subject.shape;
  const rabbit = earForm > 0.55;
  const r = 19 + headForm * 4;
  const hy = rabbit ? -11 : -16;
  const arm = pose.gesture * 7;
  const w = 10 + limbForm * 3;
  const ear = (side: number): string =>
    rabbit
      ? oval(
          side * 11,
          hy - r - 5,
          6.5,
          14,
          p.main,
          `transform="rotate(${side * 10} ${side * 11} ${hy - r})"`,
        ) +
        (behind
          ? ''
          : oval(
              side * 11,
              hy - r - 5,
              3,
              11,
              p.second,
              `${BARE} transform="rotate(${side * 10} ${side * 11} ${hy - r})"`,
            ))
      : oval(side * (r - 3), hy - r + 5, 8.5, 8.5, p.main) +
        (behind ? '' : oval(side * (r - 3), hy - r + 5, 4.5, 4.5, p.second, BARE));
  const armOf = (side: number): string =>
    limb(svg`M${side * 15},7Q${side * 26},${8} ${side * 31},${14 - arm * side}`, p.main, p.line, w);
  const body = ovalPath(0, 19, 20 + bellyForm * 3, 20);
  const head = ovalPath(0, hy, r + 2, r);
  const foot = (side: number): string =>
    oval(side * 20, 34, 10.5, 9, p.main) +
    (behind ? '' : oval(side * 20, 34.5, 6, 5, p.second, BARE));
  const e = 3.4 + eyeForm * 1.2;
  const face = behind
    ? ''
    : oval(0, hy + 7, 9.5, 7, '#fff3e0', 'stroke-width="1.5"') +
      oval(0, hy + 3.8, 3.6, 2.6, '#2a2230', BARE) +
      line(svg`M0,${hy + 6}v3M-4,${hy + 10}q4,3 8,0`, '#2a2230', 1.3) +
      eye(-9, hy - 3, e, '#241c28') +
      eye(9, hy - 3, e, '#241c28');
  const belly = behind
    ? oval(0, 31, 6, 6, p.second)
    : oval(0, 20, 11.5, 12, p.second, 'stroke-width="1.4" stroke-dasharray="3 2.4"');
  return {
    svg:
      ear(-1) +
      ear(1) +
      armOf(-1) +
      armOf(1) +
      p.surface(body) +
      belly +
      foot(-1) +
      foot(1) +
      p.surface(head) +
      face,
    surface: head,
    crown: { x: 0, y: hy - r + 5, width: 26 },
    neck: { x: 0, y: 4, width: 32 },
    eyes: { x: 0, y: hy - 3, gap: 9 },
  };
};

/** A boxy tin robot. */
export const drawToyRobot: Drawer = (subject, p, pose, behind) => {
  const [antenna, headForm, panel, legForm, eyeForm] = subject.shape;
  const hw = 17 + headForm * 6;
  const steel = '#c3cad6';
  const dark = '#5a6474';
  const lift = pose.gesture * 8;
  const aerial =
    antenna > 0.5
      ? line(svg`M-9,-32L${-12},-41M9,-32L${12},-41`, dark, 2.6) +
        oval(-12, -42, 3.4, 3.4, p.second) +
        oval(12, -42, 3.4, 3.4, p.second)
      : line('M0,-32V-40', dark, 2.8) + oval(0, -42, 4.2, 4.2, p.second);
  const arm = (side: number): string =>
    limb(svg`M${side * 22},4L${side * 33},${11 - lift * side}`, steel, p.line, 6) +
    oval(side * 35, 14 - lift * side, 5.6, 5.6, p.second);
  const lw = 9 + legForm * 4;
  const leg = (side: number): string =>
    path(boxPath(side * 11 - lw / 2, 24, lw, 13, 1.5), steel) +
    path(boxPath(side * 12 - 9, 34, 18, 7.5, 3), p.second);
  const body = boxPath(-22, -6, 44, 33, 5);
  const head = boxPath(-hw, -33, hw * 2, 25, headForm > 0.5 ? 9 : 4);
  const e = 5 + eyeForm * 1.4;
  const gap = hw * 0.45;
  const glow = eyeForm > 0.5 ? '#ffe45c' : '#8df0ff';
  const face = behind
    ? path(boxPath(-8, -27, 16, 12, 2), steel, 'stroke-width="1.6"')
    : oval(-gap, -23.5, e, e, '#fff', 'stroke-width="1.6"') +
      oval(gap, -23.5, e, e, '#fff', 'stroke-width="1.6"') +
      oval(-gap, -23.5, e * 0.55, e * 0.55, '#222a36', BARE) +
      oval(gap, -23.5, e * 0.55, e * 0.55, '#222a36', BARE) +
      path(boxPath(-8, -15, 16, 4.4, 1.5), '#fff', 'stroke-width="1.3"') +
      line('M-3,-15v4.4M3,-15v4.4', p.line, 1.1);
  const chest = behind
    ? line('M0,4v14M-6,4h12', steel, 5)
    : panel > 0.5
      ? path(boxPath(-11, 1, 22, 14, 2.5), '#fff', 'stroke-width="1.6"') +
        oval(-5, 8, 3.2, 3.2, '#e23434', BARE) +
        oval(5, 8, 3.2, 3.2, glow, BARE)
      : oval(0, 9, 9, 9, '#fff', 'stroke-width="1.6"') + line('M0,9L5,4', '#e23434', 2.4);
  return {
    svg:
      aerial +
      leg(-1) +
      leg(1) +
      arm(-1) +
      arm(1) +
      p.surface(body) +
      chest +
      p.surface(head) +
      face,
    surface: body,
    crown: { x: 0, y: -31, width: 28 },
    neck: { x: 0, y: -5, width: 34 },
    eyes: { x: 0, y: -23.5, gap },
  };
};

/** A car in profile: beetle, van or saloon. */
export const drawCar: Drawer = (subject, p) => {
  const [form, roofForm, wheelForm, lampForm] = subject.shape;
  const roof = -20 - roofForm * 7;
  const r = 9 + wheelForm * 2.5;
  const glass = '#bfe6fa';
  let body: string;
  let windows: string;
  if (form < 0.34) {
    body = svg`M-44,16C-44,2 -36,0 -28,-2C-24,${roof - 6} 24,${roof - 6} 28,-2C38,0 44,4 44,16Q44,22 38,22H-38Q-44,22 -44,16Z`;
    windows =
      path(svg`M-20,-3Q-16,${roof + 3} -3,${roof + 2}V-3Z`, glass) +
      path(svg`M20,-3Q16,${roof + 3} 3,${roof + 2}V-3Z`, glass);
  } else if (form < 0.67) {
    body = svg`M-44,14V4Q-42,-2 -36,-4L-28,${roof}Q-26,${roof - 5} -20,${roof - 5}H36Q43,${roof - 5} 43,${roof + 3}V16Q43,22 37,22H-38Q-44,22 -44,14Z`;
    windows =
      path(svg`M-29,-4L-23,${roof + 2}H-8V-4Z`, glass) +
      path(svg`M-2,${roof + 2}H14V-4H-2Z`, glass) +
      path(svg`M20,${roof + 2}H36V-4H20Z`, glass);
  } else {
    body = svg`M-44,14Q-45,3 -38,1L-24,-2L-14,${roof + 1}Q-12,${roof - 3} -7,${roof - 3}H12Q17,${roof - 3} 20,${roof}L30,-2L39,0Q45,2 44,14Q44,22 38,22H-38Q-44,22 -44,14Z`;
    windows =
      path(svg`M-17,-3L-10,${roof + 3}H-1V-3Z`, glass) +
      path(svg`M5,-3V${roof + 3}H13L21,-3Z`, glass);
  }
  const wheel = (x: number): string =>
    oval(x, 23, r, r, '#32303a') +
    oval(x, 23, r * 0.52, r * 0.52, lampForm > 0.5 ? '#d9dee6' : p.second, BARE);
  return {
    svg:
      p.surface(body) +
      windows +
      line('M2,2V15', p.line, 1.6) +
      line('M6,5h6', p.line, 2) +
      oval(-39, 8, 3.6, 4.4, '#ffe97a', 'stroke-width="1.6"') +
      path(boxPath(38, 4, 5.5, 7, 1.5), '#e8433f', 'stroke-width="1.4"') +
      path(boxPath(-46, 17, 92, 5, 2.5), p.second) +
      wheel(-24) +
      wheel(24),
    base: 23 + r,
    surface: body,
  };
};
