/** @file The photos that the demo's user sends: a folder's, or drawings that pretraining never saw. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { renderScene } from '#worker/pocket/world/render.ts';
import { CLASSES, type ClassName } from '#worker/pocket/world/scene.ts';
import { demoPhotos } from '#worker/pocket/world/seeds.ts';
import { UsageError } from './arguments.ts';

/** A photo on its way to Discord. */
export interface DemoPhoto {
  readonly name: string;
  readonly bytes: Buffer;
}

const MIN_PHOTOS = 3;
const MAX_PHOTOS = 10;
const PICTURE_FILE = /\.(jpe?g|png|webp)$/i;

/** Which drawn individual: for cats a blue one with orange stars. */
const DRAWN_SUBJECT = 5;
const DRAWN_PHOTOS = 5;
/** Larger than the base's own pictures, as photos are. */
const DRAWN_SIDE = 256;

/** @throws {UsageError} when there are too few photos */
export async function loadPhotos(
  dir: string | undefined,
  classNoun: string,
): Promise<readonly DemoPhoto[]> {
  return dir === undefined ? drawPhotos(classNoun) : readPhotos(dir);
}

function readPhotos(dir: string): DemoPhoto[] {
  const names = readdirSync(dir)
    .filter((name) => PICTURE_FILE.test(name))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  if (names.length < MIN_PHOTOS) {
    throw new UsageError(
      `--photos ${dir}: ${names.length} pictures (jpeg, png, webp) in it, ${MIN_PHOTOS} are needed`,
    );
  }
  return names
    .slice(0, MAX_PHOTOS)
    .map((name) => ({ name, bytes: readFileSync(path.join(dir, name)) }));
}

async function drawPhotos(classNoun: string): Promise<DemoPhoto[]> {
  const className = CLASSES.find((known): known is ClassName => known === classNoun);
  if (!className) {
    throw new UsageError(`--class ${classNoun}: without --photos, one of ${CLASSES.join(', ')}`);
  }
  const scenes = demoPhotos(DRAWN_SUBJECT, DRAWN_PHOTOS, className);
  return Promise.all(
    scenes.map(async (scene, index) => {
      const raw = { width: DRAWN_SIDE, height: DRAWN_SIDE, channels: 3 } as const;
      const pixels = await renderScene(scene, DRAWN_SIDE);
      return {
        name: `photo-${index + 1}.png`,
        bytes: await sharp(pixels, { raw }).png().toBuffer(),
      };
    }),
  );
}
