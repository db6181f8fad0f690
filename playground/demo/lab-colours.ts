/** @file Colours as people see them: CIE L*a*b*. */

/** Three numbers a pixel: L* in `[0, 100]`, a* and b* around 0. */
export type LabPicture = Float64Array;

/**
 * Converts sRGB.
 *
 * @param rgb 8-bit sRGB, interleaved
 * @see IEC 61966-2-1 for sRGB, CIE 15:2004 for L*a*b*, white D65
 */
export function toLab(rgb: Uint8Array): LabPicture {
  const lab = new Float64Array(rgb.length);
  const linear = (byte: number) => {
    const c = byte / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  const root = (t: number) =>
    t > 216 / 24389 ? Math.cbrt(t) : (24389 / 27) * (t / 116) + 16 / 116;
  for (let i = 0; i < rgb.length; i += 3) {
    const [r, g, b] = [
      linear(numberAt(rgb, i)),
      linear(numberAt(rgb, i + 1)),
      linear(numberAt(rgb, i + 2)),
    ];
    const x = root((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047);
    const y = root(0.2126729 * r + 0.7151522 * g + 0.072175 * b);
    const z = root((0.0193339 * r + 0.119192 * g + 0.9503041 * b) / 1.08883);
    lab[i] = 116 * y - 16;
    lab[i + 1] = 500 * (x - y);
    lab[i + 2] = 200 * (y - z);
  }
  return lab;
}

/** @returns ΔE (CIE 1976) of two pixels */
export function differenceOf(lab: LabPicture, i: number, j: number): number {
  return Math.hypot(
    numberAt(lab, 3 * i) - numberAt(lab, 3 * j),
    numberAt(lab, 3 * i + 1) - numberAt(lab, 3 * j + 1),
    numberAt(lab, 3 * i + 2) - numberAt(lab, 3 * j + 2),
  );
}

/** Arrays of numbers have no holes; the compiler cannot know. */
function numberAt(values: ArrayLike<number>, index: number): number {
  return values[index] as number;
}
