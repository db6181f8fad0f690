/** @file The world's eleven named colours and the little arithmetic that drawings need. */

/** Red, green and blue, each in `[0, 255]`. */
export type Rgb = readonly [red: number, green: number, blue: number];

const PALETTE = {
  red: [226, 52, 52],
  orange: [247, 140, 40],
  yellow: [250, 212, 58],
  green: [62, 170, 82],
  blue: [56, 118, 226],
  purple: [140, 78, 202],
  pink: [248, 146, 192],
  brown: [146, 92, 54],
  black: [52, 52, 62],
  gray: [152, 158, 170],
  white: [250, 248, 242],
} as const satisfies Record<string, Rgb>;

/** A colour that captions can name. */
export type ColourName = keyof typeof PALETTE;

/** All colour names, in a fixed order. */
export const COLOURS = Object.keys(PALETTE) as ColourName[];

/** @returns the colour in the middle of what a name covers */
export function rgbOf(name: ColourName): Rgb {
  return PALETTE[name];
}

/** @returns `a` moved towards `b` by `amount` in `[0, 1]` */
export function mix(a: Rgb, b: Rgb, amount: number): Rgb {
  return [
    a[0] + (b[0] - a[0]) * amount,
    a[1] + (b[1] - a[1]) * amount,
    a[2] + (b[2] - a[2]) * amount,
  ];
}

/** @returns `#rrggbb`, clamped */
export function toHex(colour: Rgb): string {
  return `#${colour
    .map((c) =>
      Math.round(Math.min(255, Math.max(0, c)))
        .toString(16)
        .padStart(2, '0'),
    )
    .join('')}`;
}

/** @returns the Euclidean distance of two named colours in RGB */
export function distance(a: ColourName, b: ColourName): number {
  const [p, q] = [PALETTE[a], PALETTE[b]];
  return Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
}

/**
 * Shifts a colour a little, staying inside what its name covers.
 *
 * @param colour the centre
 * @param shift two numbers in `[-1, 1]`: towards a neighbouring hue, and towards light or dark
 */
export function jitter(colour: Rgb, shift: readonly [number, number]): Rgb {
  const [hue, light] = shift;
  const grey = (colour[0] + colour[1] + colour[2]) / 3;
  const colourful = Math.max(...colour) - Math.min(...colour) > 40 ? 1 : 0.2;
  // A rotation about the grey axis, small enough that red stays red.
  const turn = hue * 0.1 * colourful;
  const k = turn / Math.sqrt(3);
  const turned: Rgb = [
    colour[0] + k * (colour[2] - colour[1]),
    colour[1] + k * (colour[0] - colour[2]),
    colour[2] + k * (colour[1] - colour[0]),
  ];
  const target: Rgb = light > 0 ? [255, 255, 255] : [grey * 0.2, grey * 0.2, grey * 0.2];
  return mix(turned, target, Math.abs(light) * 0.1);
}
