/** @file Scene to SVG, and SVG to pixels through sharp. */

import sharp from 'sharp';
import { drawAccessory } from './accessories.ts';
import { DRAWERS } from './classes/drawers.ts';
import { hasShadow, paintContext } from './contexts.ts';
import { oval, paintsOf, path, starPath, svg } from './drawing.ts';
import { createRandom } from './random.ts';
import type { Scene } from './scene.ts';
import { applyStyle } from './styles.ts';

sharp.concurrency(1);
sharp.cache(false);

/** Side of a picture, in pixels, unless another is asked for. */
export const PICTURE_SIZE = 64;

function gloss(surface: string): string {
  const sparkle = (x: number, y: number, r: number): string =>
    path(starPath(x, y, r, 4, 0.3), '#fffbe0', 'stroke="#e8b92e" stroke-width="1.4"');
  return (
    `<clipPath id="g"><path d="${surface}"/></clipPath>` +
    `<g clip-path="url(#g)" stroke="none"><path d="M-60,-10L10,-60H26L-60,6ZM-60,16L42,-60H48L-60,22Z" fill="#fff" opacity="0.75"/></g>` +
    sparkle(-33, -33, 10) +
    sparkle(35, -24, 8) +
    sparkle(30, 26, 6)
  );
}

/** Where the subject stands in a picture that is 128 wide and tall, and what it wears. */
function placeSubject(scene: Scene): {
  x: number;
  y: number;
  scale: number;
  base: number;
  svg: string;
} {
  const { subject, pose, view } = scene;
  const behind = view === 'behind';
  const paints = paintsOf(subject);
  const drawing = DRAWERS[subject.className](subject, paints, pose, behind);
  const hatted = scene.accessory.endsWith('hat') || scene.accessory === 'gold crown';
  const zoom = view === 'close-up' ? 1.75 : view === 'far away' ? 0.55 : hatted ? 1.02 : 1.18;
  const scale = pose.scale * zoom;
  const base = drawing.base ?? 40;
  const head = drawing.eyes ?? { x: 0, y: -4 };
  const mirror = pose.flip ? -1 : 1;
  const x = view === 'close-up' ? 64 - mirror * head.x * scale * 0.8 : 64 + pose.dx;
  // Far away things stand higher in the picture; hats need room above the head.
  const y =
    view === 'close-up'
      ? 60 - head.y * scale * 0.7
      : view === 'far away'
        ? 76 + pose.dy
        : 65 + pose.dy + (hatted ? 6 : 0) + (40 - base) * 0.6;
  return {
    x,
    y,
    scale,
    base,
    svg:
      svg`<g transform="translate(${x},${y}) rotate(${pose.tilt}) scale(${String(mirror * scale)},${String(scale)})" stroke="${paints.line}" stroke-width="2.6" stroke-linejoin="round" stroke-linecap="round">` +
      drawing.svg +
      (scene.shiny ? gloss(drawing.surface) : '') +
      drawAccessory(scene.accessory, drawing, behind) +
      '</g>',
  };
}

const canvas = (size: number, content: string): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}" viewBox="0 0 128 128">${content}</svg>`;

/**
 * Draws a scene as SVG; its style's pixel work comes later.
 *
 * @param scene what to draw
 * @param size width and height in pixels
 */
export function sceneToSvg(scene: Scene, size: number = PICTURE_SIZE): string {
  const placed = placeSubject(scene);
  const { x, y, scale, base } = placed;
  const shadow =
    hasShadow(scene.context) && scene.view !== 'close-up'
      ? oval(
          x,
          y + (base - 1) * scale,
          33 * scale,
          5.5 * scale,
          '#150f1c',
          `stroke="none" opacity="0.22"`,
        )
      : '';
  return canvas(size, paintContext(scene, createRandom(scene.variation)) + shadow + placed.svg);
}

/**
 * Where in a scene the subject is, and what it wears.
 *
 * @param size width and height in cells
 * @returns uint8, `size * size`, rows from the top: 255 where it covers all of a cell
 */
export async function subjectCoverage(scene: Scene, size: number): Promise<Uint8Array> {
  const drawing = sharp(Buffer.from(canvas(size, placeSubject(scene).svg)));
  return new Uint8Array(await drawing.extractChannel('alpha').raw().toBuffer());
}

/**
 * Renders a scene.
 *
 * @param scene what to draw
 * @param size width and height in pixels
 * @returns uint8 RGB, `size * size * 3`, rows from the top
 */
export async function renderScene(scene: Scene, size: number = PICTURE_SIZE): Promise<Uint8Array> {
  const { data, info } = await sharp(Buffer.from(sceneToSvg(scene, size)))
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  if (info.channels !== 3 || info.width !== size || info.height !== size)
    throw new Error(
      `renderScene: expected ${size} x ${size} x 3, sharp gave ${info.width} x ${info.height} x ${info.channels}`,
    );
  return applyStyle(
    new Uint8Array(data.buffer, data.byteOffset, data.length),
    size,
    scene.style,
    createRandom(scene.variation ^ 0x5a17),
  );
}
