/** @file What the parent and the decoder child say to each other. One request at a time, one reply each. */
import type { PhotoErrorCode } from './photo-error.ts';
import type { PhotoFormat } from './photo-format.ts';
import type { PhotoTraits } from './photo-traits.ts';

export type DecodeRequest = {
  bytes: Uint8Array;
  format: PhotoFormat;
  maxPixels: number;
  maxSide: number;
};

export type DecodeReply =
  | { kind: 'ready' }
  | {
      kind: 'clean';
      bytes: Uint8Array;
      width: number;
      height: number;
      traits: PhotoTraits;
    }
  | { kind: 'refused'; code: PhotoErrorCode; reason: string };
