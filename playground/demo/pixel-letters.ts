/** @file Letters of 5 × 8 pixels as SVG, since a bare machine has no fonts for labels. */

/** Five columns a character, the top pixel in the lowest bit. */
const GLYPHS: Record<string, string> = {
  '"': '0003000300',
  '#': '147f147f14',
  "'": '0000030000',
  '(': '001c224100',
  ')': '0041221c00',
  '+': '08083e0808',
  ',': '0080600000',
  '-': '0808080808',
  '.': '0060600000',
  '/': '2010080402',
  '0': '3e5149453e',
  '1': '00427f4000',
  '2': '4261514946',
  '3': '2141454b31',
  '4': '1814127f10',
  '5': '2745454539',
  '6': '3c4a494930',
  '7': '0171090503',
  '8': '3649494936',
  '9': '064949291e',
  ':': '0036360000',
  '?': '0201510906',
  '[': '007f414100',
  ']': '0041417f00',
  '·': '0000080000',
  A: '7e1111117e',
  B: '7f49494936',
  C: '3e41414122',
  D: '7f4141221c',
  E: '7f49494941',
  F: '7f09090901',
  G: '3e4149497a',
  H: '7f0808087f',
  I: '00417f4100',
  J: '2040413f01',
  K: '7f08142241',
  L: '7f40404040',
  M: '7f020c027f',
  N: '7f0408107f',
  O: '3e4141413e',
  P: '7f09090906',
  Q: '3e4151215e',
  R: '7f09192946',
  S: '4649494931',
  T: '01017f0101',
  U: '3f4040403f',
  V: '1f2040201f',
  W: '3f4038403f',
  X: '6314081463',
  Y: '0708700807',
  Z: '6151494543',
  a: '2054545478',
  b: '7f48444438',
  c: '3844444420',
  d: '384444487f',
  e: '3854545418',
  f: '087e090102',
  g: '18a4a4a47c',
  h: '7f08040478',
  i: '00447d4000',
  j: '4080847d00',
  k: '7f10284400',
  l: '00417f4000',
  m: '7c04180478',
  n: '7c08040478',
  o: '3844444438',
  p: 'fc44444438',
  q: '38444444fc',
  r: '7c08040408',
  s: '4854545420',
  t: '043f444020',
  u: '3c4040207c',
  v: '1c2040201c',
  w: '3c4030403c',
  x: '4428102844',
  y: '1ca0a0a07c',
  z: '4464544c44',
};

const ADVANCE = 6;

/** @returns how wide a text is, in pixels */
export function measureText(text: string, scale: number): number {
  return [...text].length * ADVANCE * scale;
}

/**
 * Writes a text.
 *
 * @param x left edge @param y top edge @param scale side of a letter's pixel
 * @returns SVG; characters without a picture become `?`
 */
export function writeText(
  text: string,
  { x, y, scale, fill }: { x: number; y: number; scale: number; fill: string },
): string {
  let path = '';
  for (const [index, character] of [...text].entries()) {
    if (character === ' ') continue;
    const columns = GLYPHS[character] ?? GLYPHS['?'] ?? '';
    for (let column = 0; column < 5; column++) {
      const bits = Number.parseInt(columns.slice(2 * column, 2 * column + 2), 16);
      for (let row = 0; row < 8; row++) {
        if (!((bits >> row) & 1)) continue;
        path += `M${x + (index * ADVANCE + column) * scale},${y + row * scale}h${scale}v${scale}h${-scale}z`;
      }
    }
  }
  return `<path fill="${fill}" d="${path}"/>`;
}
