import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createPhotoDecoder,
  decodePhoto,
  type PhotoDecoder,
  PhotoError,
  type PhotoLimits,
} from './decode-photo.ts';
import { startDecoderProcess } from './decoder-process.ts';

let dir: string;
let decoder: PhotoDecoder;
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'rendition-decode-'));
  decoder = createPhotoDecoder();
});
afterAll(async () => {
  decoder.close();
  await rm(dir, { recursive: true });
});

async function refusalOf(bytes: Uint8Array, by: PhotoDecoder = decoder): Promise<string> {
  try {
    await by.decode(bytes);
  } catch (error) {
    if (error instanceof PhotoError) return error.code;
    throw error;
  }
  return 'no error';
}

/** Left half red, right half blue. */
const twoColours = (width = 120, height = 80): Sharp =>
  sharp({ create: { width, height, channels: 3, background: '#0000ff' } }).composite([
    {
      input: { create: { width: width / 2, height, channels: 3, background: '#ff0000' } },
      left: 0,
      top: 0,
    },
  ]);

async function pixelAt(png: Buffer, x: number, y: number): Promise<number[]> {
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  const at = (y * info.width + x) * info.channels;
  return [...data.subarray(at, at + info.channels)];
}

function pngChunk(type: string, body: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), body]);
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(body.length);
  checksum.writeUInt32BE(crc32(typed));
  return Buffer.concat([length, typed, checksum]);
}

function pngOf(width: number, height: number, bitDepth: number, pixels: Buffer): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = bitDepth;
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    pngChunk('IHDR', header),
    pngChunk('IDAT', deflateSync(pixels)),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

const boxFile = (...brands: string[]): Buffer => {
  const box = Buffer.alloc(16 + 4 * (brands.length - 1));
  box.writeUInt32BE(box.length, 0);
  box.write(`ftyp${brands[0]}`, 4, 'latin1');
  brands.slice(1).forEach((brand, index) => void box.write(brand, 16 + 4 * index, 'latin1'));
  return Buffer.concat([box, Buffer.alloc(200)]);
};

describe('a good photo', () => {
  test('is turned upright, loses its place and camera, and is a PNG of known hash', async () => {
    const photo = await twoColours()
      .withExif({
        IFD0: { Make: 'Secret camera', Artist: 'Somebody' },
        IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '52/1 31/1 0/1' },
      })
      .withMetadata({ orientation: 6 })
      .jpeg({ quality: 95 })
      .toBuffer();
    expect(photo.includes('Secret camera')).toBe(true);
    expect((await sharp(photo).metadata()).orientation).toBe(6);

    const clean = await decoder.decode(photo);

    expect(clean).toMatchObject({
      width: 80,
      height: 120,
      mimeType: 'image/png',
      sourceFormat: 'jpeg',
    });
    // Orientation 6 turns clockwise: what was left is now on top.
    const [top, bottom] = [await pixelAt(clean.bytes, 40, 10), await pixelAt(clean.bytes, 40, 110)];
    expect(top[0]).toBeGreaterThan(200);
    expect(top[2]).toBeLessThan(50);
    expect(bottom[2]).toBeGreaterThan(200);
    const metadata = await sharp(clean.bytes).metadata();
    expect(metadata).toMatchObject({ format: 'png', channels: 3, depth: 'uchar', space: 'srgb' });
    for (const part of ['exif', 'xmp', 'iptc', 'icc', 'orientation'] as const) {
      expect(metadata[part]).toBeUndefined();
    }
    expect(clean.bytes.includes('Secret camera')).toBe(false);
    expect(clean.bytes.includes('eXIf')).toBe(false);
    expect(clean.sha256).toBe(createHash('sha256').update(clean.bytes).digest('hex'));
    expect((await decoder.decode(photo)).sha256).toBe(clean.sha256);
  });

  test('is made smaller to 1024 pixels at its longest side, never larger', async () => {
    const wide = await decoder.decode(await twoColours(3000, 1000).jpeg().toBuffer());
    expect([wide.width, wide.height]).toEqual([1024, 341]);
    const small = await decoder.decode(await twoColours(40, 30).webp().toBuffer());
    expect([small.width, small.height, small.sourceFormat]).toEqual([40, 30, 'webp']);
  });

  test('of a moving gif or webp only the first frame is taken', async () => {
    const red = Buffer.alloc(20 * 20 * 3).map((_, index) => (index % 3 === 0 ? 255 : 0));
    const blue = Buffer.alloc(20 * 20 * 3).map((_, index) => (index % 3 === 2 ? 255 : 0));
    const frames = sharp(Buffer.concat([red, blue]), {
      raw: { width: 20, height: 40, channels: 3, pageHeight: 20 },
    });
    const moving = [
      await frames.clone().gif().toBuffer(),
      await frames.clone().webp({ lossless: true }).toBuffer(),
    ];
    for (const bytes of moving) {
      expect((await sharp(bytes).metadata()).pages).toBe(2);
      const clean = await decoder.decode(bytes);
      expect([clean.width, clean.height]).toEqual([20, 20]);
      expect(await pixelAt(clean.bytes, 10, 10)).toEqual([255, 0, 0]);
    }
  });

  test('grey, 16-bit and transparent pictures become 8-bit RGB, what is transparent white', async () => {
    const grey = await twoColours().greyscale().png().toBuffer();
    const deep = await twoColours().toColourspace('rgb16').png().toBuffer();
    const clear = await sharp({
      create: { width: 9, height: 9, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } },
    })
      .png()
      .toBuffer();
    for (const bytes of [grey, deep, clear]) {
      const { bytes: png } = await decoder.decode(bytes);
      expect(await sharp(png).metadata()).toMatchObject({ channels: 3, depth: 'uchar' });
    }
    expect(await pixelAt((await decoder.decode(clear)).bytes, 4, 4)).toEqual([255, 255, 255]);
    expect(await pixelAt((await decoder.decode(deep)).bytes, 4, 4)).toEqual([255, 0, 0]);
  });

  test('several at once all come back, each its own', async () => {
    const sides = [10, 20, 30, 40, 50, 60];
    const photos = await Promise.all(sides.map((side) => twoColours(side, side).png().toBuffer()));
    const clean = await Promise.all(photos.map((photo) => decoder.decode(photo)));
    expect(clean.map(({ width }) => width)).toEqual(sides);
  });
});

describe('a file that is no photo of ours is refused by its first bytes, whatever its name', () => {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>';
  test.each<[string, string, Buffer]>([
    ['a text called photo.png', 'PHOTO_NOT_IMAGE', Buffer.from('hello, I am photo.png')],
    ['nothing', 'PHOTO_NOT_IMAGE', Buffer.alloc(0)],
    ['one byte', 'PHOTO_NOT_IMAGE', Buffer.of(0xff)],
    ['zeros', 'PHOTO_NOT_IMAGE', Buffer.alloc(5000)],
    ['a web page', 'PHOTO_NOT_IMAGE', Buffer.from('<!doctype html><p>hello')],
    ['a film', 'PHOTO_NOT_IMAGE', boxFile('isom', 'mp42')],
    ['a zip', 'PHOTO_NOT_IMAGE', Buffer.from('PK\x03\x04')],
    ['a HEIC', 'PHOTO_HEIC', boxFile('heic', 'mif1', 'heic')],
    ['a HEIF', 'PHOTO_HEIC', boxFile('mif1', 'heix')],
    ['an AVIF', 'PHOTO_AVIF', boxFile('avif', 'mif1', 'miaf')],
    ['an AVIF called HEIF', 'PHOTO_AVIF', boxFile('mif1', 'avif')],
    ['an SVG', 'PHOTO_SVG', Buffer.from(svg)],
    [
      'an SVG with a preamble',
      'PHOTO_SVG',
      Buffer.from(`\ufeff<?xml version="1.0"?>\n<!-- x -->${svg}`),
    ],
    ['an SVG in UTF-16', 'PHOTO_SVG', Buffer.from(`\ufeff${svg}`, 'utf16le')],
    [
      'an SVG with a prefix',
      'PHOTO_SVG',
      Buffer.from('<s:svg xmlns:s="http://www.w3.org/2000/svg"/>'),
    ],
    ['a TIFF', 'PHOTO_TIFF', Buffer.from('II*\0\x08\0\0\0', 'latin1')],
    ['a Motorola TIFF', 'PHOTO_TIFF', Buffer.from('MM\0*\0\0\0\x08', 'latin1')],
    ['a PDF', 'PHOTO_PDF', Buffer.from('%PDF-1.7\n')],
    ['a BMP', 'PHOTO_UNSUPPORTED', Buffer.from('BM\x9a\0\0\0', 'latin1')],
    ['a JPEG XL', 'PHOTO_UNSUPPORTED', Buffer.of(0xff, 0x0a, 0, 0)],
    ['a PSD', 'PHOTO_UNSUPPORTED', Buffer.from('8BPS\0\x01')],
  ])('%s: %s', async (_, code, bytes) => {
    expect(await refusalOf(bytes)).toBe(code);
  });

  test('the refusal of a HEIC says how to convert it', async () => {
    await expect(decoder.decode(boxFile('heic'))).rejects.toThrow(/convert it to jpeg/);
  });
});

describe('a photo that costs too much or is damaged', () => {
  test('more bytes than allowed', async () => {
    expect(await refusalOf(Buffer.alloc(25 * 2 ** 20 + 1, 0xff))).toBe('PHOTO_TOO_LARGE');
  });

  test('a header that claims 60000 × 60000', async () => {
    expect(await refusalOf(pngOf(60_000, 60_000, 8, Buffer.alloc(10)))).toBe(
      'PHOTO_TOO_MANY_PIXELS',
    );
  });

  test('a bomb: 16384 × 16384 in 33 kB', async () => {
    const bomb = pngOf(16_384, 16_384, 1, Buffer.alloc(16_384 * (1 + 16_384 / 8)));
    expect(bomb.length).toBeLessThan(40_000);
    expect(await refusalOf(bomb)).toBe('PHOTO_TOO_MANY_PIXELS');
  });

  test('one pixel more than allowed is refused, exactly as many pass', async () => {
    const black = (width: number): Buffer => pngOf(width, 1, 1, Buffer.alloc(1 + width));
    const small = createPhotoDecoder({ limits: { maxPixels: 4000 } });
    expect(await refusalOf(black(4001), small)).toBe('PHOTO_TOO_MANY_PIXELS');
    expect(await refusalOf(black(4000), small)).toBe('no error');
    small.close();
  });

  test.each(['jpeg', 'png', 'webp', 'gif'] as const)('a %s that is cut off', async (format) => {
    const whole = await sharp({
      create: {
        width: 300,
        height: 300,
        channels: 3,
        background: '#888',
        noise: { type: 'gaussian', mean: 128, sigma: 50 },
      },
    })
      .toFormat(format)
      .toBuffer();
    expect(await refusalOf(whole.subarray(0, whole.length / 2))).toBe('PHOTO_BROKEN');
    expect(await refusalOf(whole.subarray(0, 40))).toBe('PHOTO_BROKEN');
  });

  test('a time limit that has passed kills the decoder, and the next photo is decoded', async () => {
    const photo = await twoColours(3000, 3000).png().toBuffer();
    const impatient = createPhotoDecoder({ limits: { timeoutMs: 1 }, processes: 1 });
    expect(await refusalOf(photo, impatient)).toBe('PHOTO_TIMEOUT');
    impatient.close();
    expect((await decodePhoto(photo)).width).toBe(1024);
  });

  test('a memory limit that is passed kills the decoder', {
    skip: process.platform !== 'linux',
  }, async () => {
    const photo = await twoColours(3000, 3000).withMetadata({ orientation: 6 }).png().toBuffer();
    await expect(decodePhoto(photo, { maxRssBytes: 2 ** 20 })).rejects.toMatchObject({
      code: 'PHOTO_MEMORY',
    });
  });
});

/** A decoder whose child does what the photo's fourth byte says, in place of decoding. */
async function misbehavingDecoder(limits: Partial<PhotoLimits>): Promise<PhotoDecoder> {
  const childPath = path.join(dir, 'misbehaving.mjs');
  await writeFile(
    childPath,
    `import { writeFileSync } from 'node:fs';
     const behaviours = {
       h: () => { for (;;); },
       m: () => { globalThis.kept = Array.from({ length: 20 }, () => Buffer.alloc(2 ** 24, 1)); setInterval(() => {}, 1000); },
       j: () => { const kept = []; for (;;) kept.push(new Array(10000).fill(1.5)); },
       c: () => process.kill(process.pid, 'SIGSEGV'),
       e: () => process.exit(0),
       n: () => process.send({ kind: 'clean', bytes: Buffer.from('<svg/>'), width: 1, height: 1 }),
       u: () => process.send(null),
       p: () => { writeFileSync(new URL('seen.json', import.meta.url), JSON.stringify(process.env)); process.exit(0); },
     };
     process.on('message', ({ bytes }) => behaviours[String.fromCharCode(bytes[3])]());
     process.on('disconnect', () => process.exit(0));
     process.send({ kind: 'ready' });`,
  );
  return createPhotoDecoder({ childPath, limits, processes: 1 });
}

const photoThat = (behaviour: string): Buffer => Buffer.from(`\xff\xd8\xff${behaviour}`, 'latin1');

describe('a decoder that a photo has broken', () => {
  test.each([
    ['hangs without ever yielding', 'h', 'PHOTO_TIMEOUT'],
    ['fills its JavaScript heap', 'j', 'PHOTO_MEMORY'],
    ['crashes', 'c', 'PHOTO_BROKEN'],
    ['leaves', 'e', 'PHOTO_BROKEN'],
    ['answers nonsense', 'n', 'PHOTO_BROKEN'],
    ['answers nothing at all', 'u', 'PHOTO_BROKEN'],
  ])('and %s: one clear refusal, twice in a row', async (_, behaviour, code) => {
    const timeoutMs = behaviour === 'h' ? 300 : 15_000;
    const broken = await misbehavingDecoder({ timeoutMs });
    expect(await refusalOf(photoThat(behaviour), broken)).toBe(code);
    expect(await refusalOf(photoThat(behaviour), broken)).toBe(code);
    broken.close();
  });

  test('and fills memory outside the heap', { skip: process.platform !== 'linux' }, async () => {
    const broken = await misbehavingDecoder({ maxRssBytes: 256 * 2 ** 20 });
    expect(await refusalOf(photoThat('m'), broken)).toBe('PHOTO_MEMORY');
    broken.close();
  });

  test('finds no secret in its environment', async () => {
    process.env.FILES_KEY = 'a secret of the parent';
    try {
      const broken = await misbehavingDecoder({});
      expect(await refusalOf(photoThat('p'), broken)).toBe('PHOTO_BROKEN');
      broken.close();
    } finally {
      delete process.env.FILES_KEY;
    }
    const seen = JSON.parse(await readFile(path.join(dir, 'seen.json'), 'utf8'));
    const allowed =
      /^(PATH|LD_LIBRARY_PATH|TMPDIR|TEMP|TMP|SystemRoot|VIPS_BLOCK_UNTRUSTED|NODE_CHANNEL_\w+)$/;
    expect(Object.keys(seen).filter((name) => !allowed.test(name))).toEqual([]);
    expect(seen.VIPS_BLOCK_UNTRUSTED).toBe('1');
  });

  test('that cannot start is no fault of the photo', async () => {
    const childPath = path.join(dir, 'no-such-child.mjs');
    const missing = createPhotoDecoder({ childPath });
    const error = await missing.decode(photoThat('h')).catch((e) => e);
    expect(error).not.toBeInstanceOf(PhotoError);
    expect(error.message).toMatch(/did not start/);
    missing.close();
  });

  test('a decoder closed in the middle does not blame the photo', async () => {
    const closed = await misbehavingDecoder({});
    const decoding = Promise.all(
      ['h', 'h'].map((behaviour) => closed.decode(photoThat(behaviour)).catch((error) => error)),
    );
    setTimeout(() => closed.close(), 400);
    for (const error of await decoding) {
      expect(error).not.toBeInstanceOf(PhotoError);
      expect(error.message).toMatch(/closed/);
    }
  });
});

test('the child itself opens four formats and no other, even when the first bytes are not asked', async () => {
  const child = startDecoderProcess();
  await child.ready;
  const limits = { maxPixels: 4e7, maxSide: 1024, timeoutMs: 15_000, maxRssBytes: 2 ** 29 };
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
  const tiff = await twoColours().tiff().toBuffer();
  const avif = await twoColours().avif({ effort: 0 }).toBuffer();
  const ppm = Buffer.concat([Buffer.from('P6 2 2 255\n'), Buffer.alloc(12)]);
  for (const bytes of [svg, tiff, avif, ppm]) {
    await expect(child.decode(bytes, 'png', limits)).rejects.toMatchObject({
      code: 'PHOTO_BROKEN',
      message: expect.stringMatching(/unsupported image format/),
    });
  }
  const png = await twoColours().png().toBuffer();
  await expect(child.decode(png, 'jpeg', limits)).rejects.toThrow(/another format/);
  expect((await child.decode(png, 'png', limits)).width).toBe(120);
  child.kill();
});
