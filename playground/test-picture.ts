/** @file For tests only: the smallest picture worth looking at. */
import { Buffer } from 'node:buffer';

/** A 3 × 2 png. */
export const png: Buffer = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAAE0lEQVR4nGP8z8DAwMDAxAADCBYAHRUBA3vc4hEAAAAASUVORK5CYII=',
  'base64',
);
