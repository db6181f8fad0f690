/** @file Drawers of the living: cat, dog, bird, fish. */

import { BARE, type Drawer, eye, limb, line, oval, ovalPath, path, svg } from '../drawing.ts';

const NOSE = '#2a2230';
const BLUSH = '#f58a9c';

/** A sitting cat, seen from the front or from behind. */
export const drawCat: Drawer = (subject, p, pose, behind) => {
  const [earForm, headForm, tailForm, bodyForm, eyeForm] = subject.shape;
  const rx = 21 + headForm * 6;
  const ry = 17.5 + (1 - headForm) * 3;
  const hip = 17 + bodyForm * 7;
  const earTip = -40 - earForm * 6;
  const spread = 4 + earForm * 5;
  const swing = pose.gesture * 6;
  const tailWidth = 6 + tailForm * 5;
  const tail = limb(
    svg`M${hip - 6},34C${hip + 16},38 ${hip + 20 + swing},20 ${hip + 9 + swing},${4 - tailForm * 10}`,
    p.main,
    p.line,
    tailWidth,
  );
  const tailTip = line(
    svg`M${hip + 11.5 + swing},${9 - tailForm * 10}L${hip + 9 + swing},${4 - tailForm * 10}`,
    p.second,
    tailWidth,
  );
  const body = svg`M${-hip},38C${-hip - 4},10 -14,-6 0,-6C14,-6 ${hip + 4},10 ${hip},38Q0,44 ${-hip},38Z`;
  const ear = (side: number): string =>
    path(
      svg`M${side * (rx - 1)},-20Q${side * (rx - 1 + spread * 0.2)},-32 ${side * (rx - spread)},${earTip}Q${side * 9},-37 ${side * 4},-31Z`,
      p.main,
    ) +
    (behind
      ? ''
      : path(
          svg`M${side * (rx - 4)},-26L${side * (rx - spread - 0.5)},${earTip + 7}L${side * 10},-31Z`,
          p.second,
          BARE,
        ));
  const head = ovalPath(0, -17, rx, ry);
  const r = 4.2 + eyeForm * 2;
  const gap = rx * 0.43;
  const whisker = (side: number): string =>
    svg`M${side * 13},-10L${side * (rx + 6)},-12M${side * 13},-7L${side * (rx + 5)},-5`;
  const face = behind
    ? ''
    : oval(0, -8.5, 8, 5.5, '#fffaf4', BARE) +
      eye(-gap, -18, r, p.eye) +
      eye(gap, -18, r, p.eye) +
      path('M-3.2,-12.5h6.4L0,-8.6Z', BLUSH, BARE) +
      line('M0,-8.6V-7M-4,-6.5Q-2,-4.6 0,-7Q2,-4.6 4,-6.5', NOSE, 1.3) +
      line(whisker(-1) + whisker(1), p.line, 1.1);
  const front = behind
    ? ''
    : (subject.pattern === 'plain' ? oval(0, 18, hip * 0.5, 14, p.second, BARE) : '') +
      oval(-9, 37, 7.5, 4.5, p.pale) +
      oval(9, 37, 7.5, 4.5, p.pale);
  return {
    svg:
      (behind ? '' : tail + tailTip) +
      p.surface(body) +
      front +
      ear(-1) +
      ear(1) +
      p.surface(head) +
      face +
      (behind ? tail + tailTip : ''),
    surface: head,
    crown: { x: 0, y: -31, width: 26 },
    neck: { x: 0, y: 1.5, width: 30 },
    eyes: { x: 0, y: -18, gap },
  };
};

/** A standing dog with hanging or upright ears. */
export const drawDog: Drawer = (subject, p, pose) => {
  const [earForm, headForm, tailForm, bodyForm, eyeForm] = subject.shape;
  const legTop = 16;
  const back = 30 + bodyForm * 8;
  const top = -2 - bodyForm * 4;
  const wag = pose.gesture * 7;
  const tail = limb(
    svg`M${back - 5},4Q${back + 7},-2 ${back + 5 + wag * 0.5},${-16 - tailForm * 10 + Math.abs(wag) * 0.4}`,
    p.main,
    p.line,
    5 + tailForm * 3,
  );
  const leg = (x: number, fill: string): string =>
    path(svg`M${x},${legTop}v22q0,3 3,3h7q3,0 3,-3v-22Z`, fill) +
    path(svg`M${x + 0.5},34v4q0,2.5 3,2.5h6q3,0 3,-2.5v-4Z`, p.second, BARE);
  const body = svg`M-22,2Q-20,${top} 0,${top}H${back - 12}Q${back},${top} ${back},${top + 14}V20Q${back},27 ${back - 8},27H-16Q-25,27 -24,14Z`;
  const r = 18 + headForm * 3;
  const hx = -16;
  const hy = -15;
  const head = ovalPath(hx, hy, r + 1, r);
  const long = 8 + earForm * 22;
  const ear = (side: number): string => {
    const x = hx + side * (r - 3);
    return path(
      svg`M${x - side * 8},${hy - r + 4}C${x + side * 9},${hy - r - 4} ${x + side * 13},${hy + long - 12} ${x + side * 5},${hy + long - 5}C${x - side * 4},${hy + long - 4} ${x - side * 2},${hy - 2} ${x - side * 8},${hy - r + 4}Z`,
      p.second,
    );
  };
  const e = 3.6 + eyeForm * 1.8;
  const face =
    oval(hx, hy + 8, 10, 8, '#fff6ea', `stroke-width="1.6"`) +
    path(svg`M${hx - 3.5},${hy + 12}q3.5,9 7,0Z`, '#f0708a', 'stroke-width="1.2"') +
    line(svg`M${hx - 5},${hy + 11}Q${hx},${hy + 15} ${hx + 5},${hy + 11}`, NOSE, 1.4) +
    oval(hx, hy + 4.5, 4.6, 3.4, NOSE, BARE) +
    eye(hx - 8, hy - 4, e, p.eye) +
    eye(hx + 8, hy - 4, e, p.eye);
  return {
    svg:
      tail +
      leg(-10, p.deep) +
      leg(back - 19, p.deep) +
      p.surface(body) +
      leg(-20, p.main) +
      leg(back - 12.5, p.main) +
      p.surface(head) +
      ear(-1) +
      ear(1) +
      face,
    surface: body,
    crown: { x: hx, y: hy - r + 5, width: 26 },
    neck: { x: hx + 2, y: hy + r + 1, width: 30 },
    eyes: { x: hx, y: hy - 4, gap: 8 },
  };
};

/** A bird in profile. */
export const drawBird: Drawer = (subject, p, pose) => {
  const [crest, beakForm, tailForm, bodyForm, eyeForm] = subject.shape;
  const beakColour = beakForm > 0.5 ? '#f7a325' : '#f2cf3a';
  const plump = 20 + bodyForm * 6;
  const lift = pose.gesture * 9;
  const tail = path(
    svg`M18,4L${38 + tailForm * 6},${-8 - tailForm * 12}L${42 + tailForm * 3},${2 - tailForm * 6}L${40},${12}L20,18Z`,
    p.second,
  );
  const body = svg`M-34,-18C-36,-34 -14,-38 -7,-24C-2,-16 14,-14 24,-2C32,10 16,${8 + plump * 0.95} -2,${6 + plump}C-24,${6 + plump} -32,6 -34,-18Z`;
  const wing = svg`M-8,-2C4,-10 20,-4 27,${8 - lift}C22,${16 - lift * 0.5} 6,20 -4,14C-11,9 -12,2 -8,-2Z`;
  const beak = path(svg`M-32,-24L${-42 - beakForm * 5},-18L-32,-14Z`, beakColour);
  const crestSvg =
    crest > 0.6
      ? path(
          svg`M-24,-31Q-30,-42 -22,-44Q-21,-38 -18,-38Q-16,-45 -10,-42Q-14,-36 -14,-30Z`,
          p.second,
        )
      : crest > 0.35
        ? line('M-20,-32Q-22,-41 -13,-43M-18,-32Q-14,-39 -7,-39', p.line, 2.6)
        : '';
  const legs = line('M-7,28V38M-13,40H-2M7,28V38M1,40H12', '#e8871e', 3.4);
  return {
    svg:
      legs +
      tail +
      crestSvg +
      beak +
      p.surface(body) +
      (subject.pattern === 'plain'
        ? path('M-31,-4C-26,8 -20,18 -8,24C-22,28 -32,12 -31,-4Z', p.second, BARE)
        : '') +
      path(wing, subject.pattern === 'plain' ? p.second : p.deep) +
      line(svg`M4,8Q14,10 ${22},${10 - lift * 0.7}`, p.line, 1.6) +
      oval(-20, -22, 6.2 + eyeForm, 6.2 + eyeForm, '#fff', BARE) +
      eye(-21, -22, 3.6 + eyeForm * 1.5, p.eye) +
      oval(-22, -11, 3.4, 2.2, BLUSH, `${BARE} opacity="0.8"`),
    surface: body,
    crown: { x: -19, y: -31, width: 21 },
    neck: { x: -17, y: -6, width: 30 },
    eyes: { x: -21, y: -22, gap: 7 },
  };
};

/** A fish in profile. */
export const drawFish: Drawer = (subject, p, pose) => {
  const [finForm, tailForm, bodyForm, lipForm, eyeForm] = subject.shape;
  const h = 20 + bodyForm * 9;
  const swish = pose.gesture * 5;
  const t = 14 + tailForm * 9;
  const forked = tailForm > 0.5;
  const tail = path(
    forked
      ? svg`M18,0C28,${-6 + swish} 34,${-t} 43,${-t + swish}Q37,${swish} 43,${t + swish}C34,${t} 28,${6 + swish} 18,0Z`
      : svg`M18,0Q30,${-t - 4} 42,${-t * 0.7 + swish}Q46,${swish} 42,${t * 0.7 + swish}Q30,${t + 4} 18,0Z`,
    p.second,
  );
  const fin = path(
    finForm > 0.5
      ? svg`M-14,${-h + 6}Q-4,${-h - 13} 16,${-h - 4}Q12,${-h + 6} 17,${-h * 0.55}Z`
      : svg`M-12,${-h + 5}L-7,${-h - 9}L-1,${-h - 2}L5,${-h - 9}L10,${-h + 1}L17,${-h - 4}L17,${-h * 0.5}Z`,
    p.second,
  );
  const low = path(svg`M-4,${h - 4}Q4,${h + 11} 13,${h + 4}L10,${h - 8}Z`, p.second);
  const body = svg`M-40,1C-34,${-h * 1.25} 10,${-h * 1.25} 26,-4V4C10,${h * 1.25} -34,${h * 1.25} -40,1Z`;
  const side = path(svg`M-6,4Q8,${-2 + swish * 0.6} 10,${7 + swish}Q6,15 -6,10Z`, p.second);
  const e = 6 + eyeForm * 1.6;
  return {
    svg:
      tail +
      fin +
      low +
      p.surface(body) +
      line(svg`M-14,${-h * 0.72}Q-6,0 -14,${h * 0.72}`, p.line, 1.8) +
      side +
      oval(-25, -5, e, e, '#fff', 'stroke-width="1.6"') +
      eye(-26, -5, e * 0.6, p.eye) +
      (lipForm > 0.5
        ? oval(-39, 4, 3.4, 2.6, '#f0708a', 'stroke-width="1.4"')
        : line('M-37,7Q-32,11 -28,8', p.line, 1.8)) +
      oval(-24, 6, 3.4, 2.2, BLUSH, `${BARE} opacity="0.8"`),
    base: 35,
    surface: body,
    crown: { x: -17, y: -h * 0.78, width: 24 },
    eyes: { x: -25, y: -5, gap: 8 },
  };
};
