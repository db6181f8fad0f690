/** @file Turns an untrusted photo into a clean one. The decoding itself happens in a child process that can be killed. */
import { createHash } from 'node:crypto';
import { type DecoderProcess, startDecoderProcess } from './decoder-process.ts';
import { PhotoError } from './photo-error.ts';
import { type PhotoFormat, sniffPhotoFormat } from './photo-format.ts';
import type { PhotoTraits } from './photo-traits.ts';

export { PhotoError, type PhotoErrorCode, photoErrorCodes } from './photo-error.ts';
export type { PhotoFormat } from './photo-format.ts';
export type { PhotoTraits } from './photo-traits.ts';

/** What a photo may cost. */
export type PhotoLimits = {
  /** Bytes of the file as it came. */
  maxBytes: number;
  /** Width × height, read from the header before anything is decoded. */
  maxPixels: number;
  /** Wall clock of one decoding, from the moment a decoder has it. */
  timeoutMs: number;
  /** Resident memory of the decoder process, all told. Held on Linux; elsewhere only its JavaScript heap is. */
  maxRssBytes: number;
  /** Longest side of the clean photo, in pixels. */
  maxSide: number;
};

/** The limits of the house. */
export const defaultPhotoLimits: Readonly<PhotoLimits> = Object.freeze({
  maxBytes: 25 * 2 ** 20,
  maxPixels: 40_000_000,
  timeoutMs: 15_000,
  maxRssBytes: 512 * 2 ** 20,
  maxSide: 1024,
});

/** A photo that is safe to hand on: re-encoded, turned upright, without metadata. */
export type CleanPhoto = {
  /** 8-bit sRGB PNG without alpha. */
  bytes: Buffer;
  mimeType: 'image/png';
  width: number;
  height: number;
  /** Lower-case hex, of `bytes`. The same picture file always gives the same hash. */
  sha256: string;
  /** What it was before. */
  sourceFormat: PhotoFormat;
  /** By which it is compared with other photos. */
  traits: PhotoTraits;
};

/** A set of decoder processes. */
export type PhotoDecoder = {
  /**
   * @throws {PhotoError} when the photo is refused
   * @throws {Error} when no decoder process can be started or the decoder is closed, which is no fault of the photo
   */
  decode(bytes: Uint8Array): Promise<CleanPhoto>;
  /** Ends the processes. Photos on their way fail with a plain error, which does not blame the photo. */
  close(): void;
};

/** A process that has served this many photos is replaced. */
const PHOTOS_PER_PROCESS = 50;
/** An idle process is ended after this time, in milliseconds. */
const IDLE_MS = 30_000;

/**
 * Makes a decoder. Processes start when photos come, serve one photo at a time, and end when idle, after a number of
 * photos, or when a photo made them slow, fat or strange.
 *
 * @param options.limits those that differ from {@link defaultPhotoLimits}
 * @param options.processes how many photos are decoded at once
 * @param options.childPath the child's source file; tests put a misbehaving one there
 */
export function createPhotoDecoder(
  options: { limits?: Partial<PhotoLimits>; processes?: number; childPath?: string } = {},
): PhotoDecoder {
  const limits: PhotoLimits = { ...defaultPhotoLimits, ...options.limits };
  const maxProcesses = options.processes ?? 2;
  const idle: { process: DecoderProcess; timer: NodeJS.Timeout }[] = [];
  const running = new Set<DecoderProcess>();
  const waiting: (() => void)[] = [];
  let busyCount = 0;
  let isClosed = false;

  const end = (process: DecoderProcess): void => {
    running.delete(process);
    process.kill();
  };

  const take = async (): Promise<DecoderProcess> => {
    for (let entry = idle.pop(); entry; entry = idle.pop()) {
      clearTimeout(entry.timer);
      if (entry.process.isAlive()) return entry.process;
      end(entry.process);
    }
    const process = startDecoderProcess(options.childPath);
    running.add(process);
    try {
      await process.ready;
      return process;
    } catch (error) {
      end(process);
      throw isClosed ? new Error('the photo decoder is closed', { cause: error }) : error;
    }
  };

  const giveBack = (process: DecoderProcess): void => {
    if (isClosed || !process.isAlive() || process.photoCount() >= PHOTOS_PER_PROCESS) {
      end(process);
      return;
    }
    const timer = setTimeout(() => {
      idle.splice(
        idle.findIndex((entry) => entry.process === process),
        1,
      );
      end(process);
    }, IDLE_MS);
    timer.unref();
    idle.push({ process, timer });
  };

  const decodeInProcess = async (bytes: Uint8Array, format: PhotoFormat): Promise<CleanPhoto> => {
    if (isClosed) throw new Error('the photo decoder is closed');
    const process = await take();
    try {
      const clean = await process.decode(bytes, format, limits);
      const sha256 = createHash('sha256').update(clean.bytes).digest('hex');
      return { ...clean, mimeType: 'image/png', sha256, sourceFormat: format };
    } finally {
      giveBack(process);
    }
  };

  return {
    async decode(bytes) {
      if (bytes.byteLength > limits.maxBytes) {
        throw new PhotoError(
          'PHOTO_TOO_LARGE',
          `${bytes.byteLength} bytes; at most ${limits.maxBytes}`,
        );
      }
      const format = sniffPhotoFormat(bytes);
      if (busyCount >= maxProcesses) await new Promise<void>((resolve) => waiting.push(resolve));
      else busyCount++;
      try {
        return await decodeInProcess(bytes, format);
      } finally {
        // A waiting photo takes this one's turn, so the count stays; else it falls.
        const next = waiting.shift();
        if (next) next();
        else busyCount--;
      }
    },
    close() {
      isClosed = true;
      for (const { timer } of idle.splice(0)) clearTimeout(timer);
      for (const process of [...running]) end(process);
    },
  };
}

let sharedDecoder: PhotoDecoder | undefined;

/**
 * Turns untrusted bytes into a clean photo.
 *
 * @param bytes the file as it came
 * @param limits those that differ from {@link defaultPhotoLimits}
 * @throws {PhotoError} when the photo is refused
 */
export async function decodePhoto(
  bytes: Uint8Array,
  limits?: Partial<PhotoLimits>,
): Promise<CleanPhoto> {
  if (!limits) {
    sharedDecoder ??= createPhotoDecoder();
    return await sharedDecoder.decode(bytes);
  }
  const decoder = createPhotoDecoder({ limits, processes: 1 });
  try {
    return await decoder.decode(bytes);
  } finally {
    decoder.close();
  }
}

/** Ends the processes behind {@link decodePhoto}, for a tidy shutdown; they end with this process in any case. */
export function closePhotoDecoder(): void {
  sharedDecoder?.close();
  sharedDecoder = undefined;
}
