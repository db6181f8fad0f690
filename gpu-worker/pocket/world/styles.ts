/** @file Styles as pixel work on a rendered picture: brush, pencil, water, blocks, glass. */

import type { Random } from './random.ts';
import type { Style } from './scene.ts';

/** Pixels as uint8 RGB of a square picture. */
type Pixels = Uint8Array;

const clamp = (v: number): number => (v < 0 ? 0 : v > 255 ? 255 : v);

function luminance(pixels: Pixels): Float32Array {
  const out = new Float32Array(pixels.length / 3);
  for (let i = 0; i < out.length; i++)
    out[i] = 0.299 * pixels[i * 3]! + 0.587 * pixels[i * 3 + 1]! + 0.114 * pixels[i * 3 + 2]!;
  return out;
}

/** How strongly colour changes at each pixel, 0 to about 1. */
function edges(pixels: Pixels, size: number): Float32Array {
  const out = new Float32Array(size * size);
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) {
      const here = (y * size + x) * 3;
      const right = (y * size + Math.min(size - 1, x + 1)) * 3;
      const below = (Math.min(size - 1, y + 1) * size + x) * 3;
      let sum = 0;
      for (let c = 0; c < 3; c++)
        sum +=
          Math.abs(pixels[right + c]! - pixels[here + c]!) +
          Math.abs(pixels[below + c]! - pixels[here + c]!);
      out[y * size + x] = Math.min(1, sum / 420);
    }
  return out;
}

/** A box blur of one channel-interleaved picture. */
function blur(pixels: Pixels, size: number, radius: number): Pixels {
  const pass = (source: Pixels, step: number, across: number): Pixels => {
    const out = new Uint8Array(source.length);
    const n = radius * 2 + 1;
    for (let lane = 0; lane < size; lane++)
      for (let c = 0; c < 3; c++) {
        const base = lane * across + c;
        let sum = 0;
        for (let i = -radius; i <= radius; i++)
          sum += source[base + Math.min(size - 1, Math.max(0, i)) * step]!;
        for (let i = 0; i < size; i++) {
          out[base + i * step] = sum / n;
          sum +=
            source[base + Math.min(size - 1, i + radius + 1) * step]! -
            source[base + Math.max(0, i - radius) * step]!;
        }
      }
    return out;
  };
  return pass(pass(pixels, 3, size * 3), size * 3, 3);
}

/** Short strokes along the contours, as in an oil painting. */
function paint(pixels: Pixels, size: number, random: Random): Pixels {
  const unit = size / 64;
  const soft = blur(pixels, size, Math.max(1, Math.round(1.5 * unit)));
  const light = luminance(soft);
  const out = new Uint8Array(pixels);
  const at = (x: number, y: number): number =>
    light[Math.min(size - 1, Math.max(0, y)) * size + Math.min(size - 1, Math.max(0, x))]!;
  const phase = random.range(0, 6.28);
  for (let s = 0; s < 1100; s++) {
    // Broad strokes first, then fine ones that keep the drawing.
    const fine = s > 350;
    const x = random.next() * size;
    const y = random.next() * size;
    const [ix, iy] = [Math.floor(x), Math.floor(y)];
    const gx = at(ix + 1, iy) - at(ix - 1, iy);
    const gy = at(ix, iy + 1) - at(ix, iy - 1);
    const strong = Math.hypot(gx, gy);
    if (fine && strong < 9) continue;
    const swirl = Math.sin((x / size) * 5 + phase) + Math.cos((y / size) * 6 - phase);
    const angle = strong > 14 ? Math.atan2(gx, -gy) : swirl * 1.3;
    const length = (fine ? 1.6 : 4.6) * unit;
    const width = (fine ? 0.6 : 1.5) * unit;
    const [dx, dy] = [Math.cos(angle), Math.sin(angle)];
    const from = (iy * size + ix) * 3;
    const shift = random.range(-40, 40) * (fine ? 0.6 : 1);
    const cover = fine ? 0.6 : 0.75;
    const warm = random.range(-14, 24);
    const r = clamp(pixels[from]! * 1.03 + shift + warm);
    const g = clamp(pixels[from + 1]! * 1.01 + shift + warm * 0.4);
    const b = clamp(pixels[from + 2]! * 0.94 + shift - warm);
    const reach = Math.ceil(length + width);
    for (let py = Math.max(0, iy - reach); py <= Math.min(size - 1, iy + reach); py++)
      for (let px = Math.max(0, ix - reach); px <= Math.min(size - 1, ix + reach); px++) {
        const along = (px - x) * dx + (py - y) * dy;
        const off = Math.abs((px - x) * -dy + (py - y) * dx);
        if (Math.abs(along) > length || off > width) continue;
        const o = (py * size + px) * 3;
        out[o] = out[o]! * (1 - cover) + r * cover;
        out[o + 1] = out[o + 1]! * (1 - cover) + g * cover;
        out[o + 2] = out[o + 2]! * (1 - cover) + b * cover;
      }
  }
  // Some of the drawing shows through where it is finest, or faces would be lost.
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) {
      const i = y * size + x;
      const busy = Math.abs(at(x + 1, y) - at(x - 1, y)) + Math.abs(at(x, y + 1) - at(x, y - 1));
      const through = Math.min(0.45, busy / 80);
      for (let k = i * 3; k < i * 3 + 3; k++)
        out[k] = out[k]! * (1 - through) + pixels[k]! * through;
    }
  return out;
}

/** Dark lines and light shading on paper. */
function sketch(pixels: Pixels, size: number): Pixels {
  const edge = edges(pixels, size);
  const light = luminance(pixels);
  const out = new Uint8Array(pixels.length);
  const period = (6 * size) / 64;
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) {
      const i = y * size + x;
      const l = light[i]! / 255;
      const hatch = (x + y) % period < period / 2 ? 1 : 0;
      const v = 0.98 - (1 - l) * (0.2 + 0.3 * hatch * (1 - l)) - edge[i]! * 0.75;
      const tone = clamp(v * 255);
      out[i * 3] = tone;
      out[i * 3 + 1] = clamp(tone * 0.985);
      out[i * 3 + 2] = clamp(tone * 0.95);
    }
  return out;
}

/** Thin bleeding colour on white paper. */
function wash(pixels: Pixels, size: number, random: Random): Pixels {
  const unit = size / 64;
  const soft = blur(pixels, size, Math.max(1, Math.round(unit)));
  const wide = blur(soft, size, Math.round(4 * unit));
  const [a, b, c] = [random.range(0, 6.28), random.range(0, 6.28), random.range(0, 6.28)];
  const out = new Uint8Array(pixels.length);
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) {
      const i = (y * size + x) * 3;
      const [u, v] = [x / size, y / size];
      const border = Math.min(u, 1 - u, v, 1 - v);
      const ragged = 0.085 + 0.03 * Math.sin(u * 17 + a) * Math.cos(v * 13 + b);
      const inside = Math.min(1, Math.max(0, (border - ragged + 0.04) / 0.08));
      const pool = 0.12 * Math.sin(u * 9 + v * 7 + c) + 0.08 * Math.sin(u * 21 - v * 15 + a);
      for (let k = 0; k < 3; k++) {
        // Pigment gathers where the colour differs from its surroundings.
        const colour =
          pixels[i + k]! * 0.4 + soft[i + k]! * 0.6 + (soft[i + k]! - wide[i + k]!) * 0.3;
        const thin = 0.34 + pool * 1.3;
        const washed = colour + (255 - colour) * thin;
        out[i + k] = clamp(255 + (washed - 255) * inside - (1 - inside) * 3);
      }
    }
  return out;
}

/** Big square pixels and few tones. */
function blocks(pixels: Pixels, size: number): Pixels {
  const out = new Uint8Array(pixels.length);
  const side = Math.max(1, Math.round((3 * size) / 64));
  for (let y = 0; y < size; y += side)
    for (let x = 0; x < size; x += side) {
      const sum = [0, 0, 0];
      let n = 0;
      for (let j = y; j < Math.min(size, y + side); j++)
        for (let i = x; i < Math.min(size, x + side); i++) {
          for (let k = 0; k < 3; k++) sum[k]! += pixels[(j * size + i) * 3 + k]!;
          n++;
        }
      // The middle pixel keeps outlines crisp, the mean keeps them whole.
      const half = side >> 1;
      const middle = (Math.min(size - 1, y + half) * size + Math.min(size - 1, x + half)) * 3;
      const mean = sum.map((v, k) => (v / n) * 0.45 + pixels[middle + k]! * 0.55);
      const grey = (mean[0]! + mean[1]! + mean[2]!) / 3;
      for (let k = 0; k < 3; k++) {
        const vivid = grey + (mean[k]! - grey) * 1.3;
        const tone = clamp(Math.round(vivid / 36) * 36 + 3);
        for (let j = y; j < Math.min(size, y + side); j++)
          for (let i = x; i < Math.min(size, x + side); i++) out[(j * size + i) * 3 + k] = tone;
      }
    }
  return out;
}

/** Panes of one colour between dark leads. */
function glaze(pixels: Pixels, size: number, random: Random): Pixels {
  const cells = 7;
  const pitch = size / cells;
  const px: number[] = [];
  const py: number[] = [];
  for (let j = -1; j <= cells; j++)
    for (let i = -1; i <= cells; i++) {
      px.push((i + 0.5 + random.range(-0.38, 0.38)) * pitch);
      py.push((j + 0.5 + random.range(-0.38, 0.38)) * pitch);
    }
  const columns = cells + 2;
  const owner = new Int16Array(size * size);
  const lead = new Float32Array(size * size);
  const sums = new Float32Array(px.length * 4);
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) {
      const [ci, cj] = [Math.floor(x / pitch) + 1, Math.floor(y / pitch) + 1];
      let [best, second, who] = [1e9, 1e9, 0];
      for (let j = Math.max(0, cj - 1); j <= Math.min(columns - 1, cj + 1); j++)
        for (let i = Math.max(0, ci - 1); i <= Math.min(columns - 1, ci + 1); i++) {
          const k = j * columns + i;
          const d = (px[k]! - x) ** 2 + (py[k]! - y) ** 2;
          if (d < best) {
            second = best;
            best = d;
            who = k;
          } else if (d < second) second = d;
        }
      const at = y * size + x;
      owner[at] = who;
      lead[at] = Math.max(0, 1 - (Math.sqrt(second) - Math.sqrt(best)) / (1.25 * (size / 64)));
      for (let c = 0; c < 3; c++) sums[who * 4 + c]! += pixels[at * 3 + c]!;
      sums[who * 4 + 3]! += 1;
    }
  const edge = edges(pixels, size);
  const out = new Uint8Array(pixels.length);
  for (let at = 0; at < size * size; at++) {
    const who = owner[at]! * 4;
    const n = Math.max(1, sums[who + 3]!);
    const dark = Math.max(lead[at]!, Math.min(1, edge[at]! * 0.9)) * 0.9;
    const grey = (pixels[at * 3]! + pixels[at * 3 + 1]! + pixels[at * 3 + 2]!) / 3;
    for (let c = 0; c < 3; c++) {
      const pane = pixels[at * 3 + c]! * 0.72 + (sums[who + c]! / n) * 0.28;
      const vivid = grey + (pane - grey) * 1.35;
      out[at * 3 + c] = clamp(vivid * (1 - dark) + 14 * dark);
    }
  }
  return out;
}

/**
 * Turns a plain drawing into one of a style.
 *
 * @param pixels uint8 RGB, `size * size * 3`
 * @param size width and height in pixels
 * @param style which style; `plain` returns the pixels as they are
 * @param random places strokes, stains and panes
 * @returns uint8 RGB of the same size
 */
export function applyStyle(
  pixels: Uint8Array,
  size: number,
  style: Style,
  random: Random,
): Uint8Array {
  switch (style) {
    case 'plain':
      return pixels;
    case 'painting':
      return paint(pixels, size, random);
    case 'pencil sketch':
      return sketch(pixels, size);
    case 'watercolor':
      return wash(pixels, size, random);
    case 'pixel art':
      return blocks(pixels, size);
    case 'stained glass':
      return glaze(pixels, size, random);
  }
}
