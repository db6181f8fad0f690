/** @file The parent's side of one decoder child: starts it without secrets, watches clock and memory, kills it. */
import { type ChildProcess, fork } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { z } from 'zod';
import { PhotoError, photoErrorCodes } from './photo-error.ts';
import type { PhotoFormat } from './photo-format.ts';
import type { PhotoTraits } from './photo-traits.ts';
import type { DecodeRequest } from './protocol.ts';

/** What a decoder makes of a photo. */
export type DecodedPhoto = {
  /** PNG. */
  bytes: Buffer;
  width: number;
  height: number;
  traits: PhotoTraits;
};

/** One decoder child. It decodes one photo at a time. */
export type DecoderProcess = {
  /** Resolves when the child has loaded its libraries. */
  readonly ready: Promise<void>;
  isAlive(): boolean;
  /** How many photos it has been given. */
  photoCount(): number;
  decode(
    bytes: Uint8Array,
    format: PhotoFormat,
    limits: { maxPixels: number; maxSide: number; timeoutMs: number; maxRssBytes: number },
  ): Promise<DecodedPhoto>;
  kill(): void;
};

const CHILD_PATH = fileURLToPath(new URL('./child.ts', import.meta.url));
/** Loading tsx and libvips takes about half a second; a machine that needs a minute is out of order. */
const START_TIMEOUT_MS = 60_000;
const RSS_POLL_MS = 20;
/** Linux reports resident memory in pages; every machine that Node's builds run on counts 4 KiB ones there. */
const PAGE_BYTES = 4096;
/** JavaScript heap of the child. Pictures live outside of it. */
const HEAP_MIB = 128;
const PNG_MAGIC = Buffer.from('89504e470d0a1a0a', 'hex');

/** Starts a child. Its environment holds paths only: no token, key or database URL reaches it. */
export function startDecoderProcess(childPath: string = CHILD_PATH): DecoderProcess {
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  const child = fork(childPath, [], {
    // Not the parent's own flags: an --inspect port or a test runner's hooks have no place here.
    execArgv: ['--import', tsx, `--max-old-space-size=${HEAP_MIB}`],
    env: pickEnvironment(['PATH', 'LD_LIBRARY_PATH', 'TMPDIR', 'TEMP', 'TMP', 'SystemRoot']),
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let photos = 0;
  let isEnded = false;
  let errorText = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errorText = (errorText + text).slice(-2000);
  });
  // A failed send or a failed kill also ends in 'exit' or in the timeout; without a listener it would be thrown.
  child.on('error', () => {});

  // An idle child does not keep the parent running; a busy one does.
  const setRef = (isBusy: boolean): void => {
    const method = isBusy ? 'ref' : 'unref';
    child[method]();
    child.channel?.[method]();
    (child.stderr as unknown as { ref(): void; unref(): void } | null)?.[method]();
  };

  return {
    ready: waitForReady(child, () => errorText).finally(() => setRef(false)),
    isAlive: () =>
      child.exitCode === null && child.signalCode === null && child.connected && !child.killed,
    photoCount: () => photos,
    async decode(bytes, format, limits) {
      photos++;
      setRef(true);
      try {
        return await exchange(child, { bytes, format, ...limits }, limits);
      } catch (error) {
        if (isEnded) throw new Error('the photo decoder was closed', { cause: error });
        throw error;
      } finally {
        setRef(false);
      }
    },
    kill() {
      isEnded = true;
      child.kill('SIGKILL');
    },
  };
}

function waitForReady(child: ChildProcess, errorText: () => string): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string): void => {
      finish();
      reject(new Error(`the photo decoder did not start: ${reason}\n${errorText()}`.trim()));
    };
    const onMessage = (): void => {
      finish();
      resolve();
    };
    const onExit = (code: number | null, signal: string | null): void =>
      fail(`it exited with ${signal ?? code}`);
    const onError = (error: Error): void => fail(error.message);
    const timer = setTimeout(
      () => fail(`not ready after ${START_TIMEOUT_MS} ms`),
      START_TIMEOUT_MS,
    );
    const finish = (): void => {
      clearTimeout(timer);
      child.off('message', onMessage).off('exit', onExit).off('error', onError);
    };
    child.once('message', onMessage).once('exit', onExit).once('error', onError);
  });
}

/** Sends one photo and waits for the reply, the clock, the memory limit or the child's death, whichever is first. */
function exchange(
  child: ChildProcess,
  photo: { bytes: Uint8Array; format: PhotoFormat; maxPixels: number; maxSide: number },
  limits: { timeoutMs: number; maxRssBytes: number },
): Promise<DecodedPhoto> {
  return new Promise((resolve, reject) => {
    const fail = (error: PhotoError): void => {
      finish();
      reject(error);
    };
    const killFor = (code: 'PHOTO_TIMEOUT' | 'PHOTO_MEMORY', reason: string): void => {
      child.kill('SIGKILL');
      fail(new PhotoError(code, reason));
    };
    const onMessage = (reply: unknown): void => {
      const checked = checkReply(reply, photo.maxSide);
      if (checked === 'nonsense') {
        child.kill('SIGKILL');
        fail(new PhotoError('PHOTO_BROKEN', 'the decoder answered nonsense'));
      } else if (checked instanceof PhotoError) {
        fail(checked);
      } else {
        finish();
        resolve(checked);
      }
    };
    const onExit = (code: number | null, signal: string | null): void => {
      // V8 aborts when its heap limit is reached.
      const reason = `the decoder died with ${signal ?? code}`;
      fail(new PhotoError(signal === 'SIGABRT' ? 'PHOTO_MEMORY' : 'PHOTO_BROKEN', reason));
    };
    const clock = setTimeout(
      () => killFor('PHOTO_TIMEOUT', `not decoded after ${limits.timeoutMs} ms`),
      limits.timeoutMs,
    );
    const memoryWatch = setInterval(async () => {
      const rssBytes = await readRss(child.pid);
      if (rssBytes > limits.maxRssBytes) {
        killFor('PHOTO_MEMORY', `decoding took more than ${limits.maxRssBytes} bytes of memory`);
      }
    }, RSS_POLL_MS);
    const finish = (): void => {
      clearTimeout(clock);
      clearInterval(memoryWatch);
      child.off('message', onMessage).off('exit', onExit);
    };
    child.once('message', onMessage).once('exit', onExit);
    const request: DecodeRequest = {
      bytes: photo.bytes,
      format: photo.format,
      maxPixels: photo.maxPixels,
      maxSide: photo.maxSide,
    };
    child.send(request, (error) => {
      if (error) fail(new PhotoError('PHOTO_BROKEN', 'the decoder died before it had the photo'));
    });
  });
}

/** A child that a photo has taken over may answer anything: only a known code or a PNG of a possible size passes. */
function checkReply(reply: unknown, maxSide: number): DecodedPhoto | PhotoError | 'nonsense' {
  const { kind, code, reason, bytes, width, height, traits } = (reply ?? {}) as Record<
    string,
    unknown
  >;
  const knownCode = photoErrorCodes.find((known) => known === code);
  if (kind === 'refused' && knownCode)
    return new PhotoError(knownCode, String(reason).slice(0, 500));
  if (kind === 'clean' && bytes instanceof Uint8Array) {
    const png = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const isPossible =
      png.length >= 33 &&
      png.length <= maxSide * maxSide * 4 + 65_536 &&
      png.subarray(0, 8).equals(PNG_MAGIC) &&
      png.readUInt32BE(16) === width &&
      png.readUInt32BE(20) === height &&
      Math.max(width, height) <= maxSide;
    const checked = traitsSchema.safeParse(traits);
    if (isPossible && checked.success) return { bytes: png, width, height, traits: checked.data };
  }
  return 'nonsense';
}

const traitsSchema: z.ZodType<PhotoTraits> = z.strictObject({
  shortSide: z.int().positive(),
  sharpness: z.number().nonnegative(),
  hash: z.string().regex(/^[0-9a-f]{16}$/),
  border: z.array(z.number().min(0).max(255)).max(200),
});

/** @returns resident bytes; 0 where the system does not tell, or where the process is gone */
async function readRss(pid: number | undefined): Promise<number> {
  if (process.platform !== 'linux' || pid === undefined) return 0;
  try {
    const [, residentPages] = (await readFile(`/proc/${pid}/statm`, 'utf8')).split(' ');
    return Number(residentPages) * PAGE_BYTES;
  } catch {
    return 0;
  }
}

function pickEnvironment(names: readonly string[]): NodeJS.ProcessEnv {
  const picked: NodeJS.ProcessEnv = { VIPS_BLOCK_UNTRUSTED: '1' };
  for (const name of names) {
    const value = process.env[name];
    if (value !== undefined) picked[name] = value;
  }
  return picked;
}
