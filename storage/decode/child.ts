/**
 * @file The decoder child: takes one untrusted photo at a time, answers with a clean one or a code. It holds no secret,
 * and its parent kills it when it is slow or fat.
 */
import type { PhotoErrorCode } from './photo-error.ts';
import type { DecodeReply, DecodeRequest } from './protocol.ts';

// libvips reads this when it is loaded, so it is set before the import: untrusted loaders (SVG, PDF, …) are off.
process.env.VIPS_BLOCK_UNTRUSTED = '1';
const { default: sharp } = await import('sharp');
const { measurePhoto } = await import('./photo-traits.ts');

// Then everything else is off, but the loaders of the four formats from memory.
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: [
    'VipsForeignLoadJpegBuffer',
    'VipsForeignLoadPngBuffer',
    'VipsForeignLoadWebpBuffer',
    'VipsForeignLoadNsgifBuffer',
  ],
});
sharp.cache(false);
sharp.concurrency(1);

class Refusal extends Error {
  readonly code: PhotoErrorCode;

  constructor(code: PhotoErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Decodes and re-encodes. Orientation is applied before metadata is lost; colours become 8-bit sRGB; transparency is
 * laid on white.
 */
async function clean(request: DecodeRequest): Promise<DecodeReply> {
  const bytes = Buffer.from(request.bytes);
  const header = await sharp(bytes, { pages: 1, limitInputPixels: false }).metadata();
  if (header.format !== request.format) {
    throw new Refusal(
      'PHOTO_BROKEN',
      `expected ${request.format}, the decoder sees another format`,
    );
  }
  if (header.width * header.height > request.maxPixels) {
    throw new Refusal(
      'PHOTO_TOO_MANY_PIXELS',
      `${header.width} × ${header.height} pixels; at most ${request.maxPixels} in all`,
    );
  }
  const { data, info } = await sharp(bytes, {
    pages: 1,
    failOn: 'error',
    limitInputPixels: request.maxPixels,
    sequentialRead: true,
  })
    .autoOrient()
    .resize(request.maxSide, request.maxSide, { fit: 'inside', withoutEnlargement: true })
    .flatten({ background: '#ffffff' })
    .toColourspace('srgb')
    .png()
    .toBuffer({ resolveWithObject: true });
  const traits = await measurePhoto(data, Math.min(header.width, header.height));
  return { kind: 'clean', bytes: data, width: info.width, height: info.height, traits };
}

function toReply(error: unknown): DecodeReply {
  const reason = error instanceof Error ? error.message : String(error);
  if (error instanceof Refusal) return { kind: 'refused', code: error.code, reason };
  const tooMany = /pixel limit|exceeds (?:pixel|user) limit|dimensions? (?:too large|exceed)/i;
  const code = tooMany.test(reason) ? 'PHOTO_TOO_MANY_PIXELS' : 'PHOTO_BROKEN';
  return { kind: 'refused', code, reason };
}

const send = (reply: DecodeReply): void => void process.send?.(reply);

process.on('message', (request: DecodeRequest) => {
  clean(request).then(send, (error) => send(toReply(error)));
});
// The parent is gone. Not process.exit, which waits for a decoding thread that may never end.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
// Ctrl+C reaches the whole group; the parent decides when this process ends.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
send({ kind: 'ready' });
