/** @file Tells a picture's format by its first bytes; names, extensions and content types are never asked. */
import { PhotoError } from './photo-error.ts';

/** The formats that are decoded. Of a gif or an animated webp, the first frame. */
export type PhotoFormat = 'jpeg' | 'png' | 'webp' | 'gif';

const HEIF_BRANDS = new Set(
  'heic heix heim heis hevc hevx hevm hevs mif1 mif2 msf1 miaf'.split(' '),
);
const AVIF_BRANDS = new Set(['avif', 'avis', 'avio']);
/** How far into a text an `<svg` may stand, after XML declarations and comments. */
const SVG_SEARCH_BYTES = 16_384;

/**
 * Recognises a photo by its first bytes.
 *
 * @throws {PhotoError} with the code of the format that was recognised, else `PHOTO_NOT_IMAGE`
 */
export function sniffPhotoFormat(bytes: Uint8Array): PhotoFormat {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 512));
  const startsWith = (text: string, offset = 0): boolean =>
    head.toString('latin1', offset, offset + text.length) === text;

  if (startsWith('\xff\xd8\xff')) return 'jpeg';
  if (startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (startsWith('RIFF') && startsWith('WEBP', 8)) return 'webp';
  if (startsWith('GIF87a') || startsWith('GIF89a')) return 'gif';

  if (startsWith('ftyp', 4)) {
    const brands = brandsOf(head);
    if (brands.some((brand) => AVIF_BRANDS.has(brand))) {
      throw new PhotoError('PHOTO_AVIF', 'AVIF is not decoded; send jpeg, png or webp');
    }
    if (brands.some((brand) => HEIF_BRANDS.has(brand))) {
      throw new PhotoError(
        'PHOTO_HEIC',
        'HEIC is not decoded; convert it to jpeg (on an iPhone: Settings, Camera, Formats, Most Compatible, or share the photo by mail)',
      );
    }
  }
  if (['II*\0', 'MM\0*', 'II+\0', 'MM\0+'].some((magic) => startsWith(magic))) {
    throw new PhotoError('PHOTO_TIFF', 'TIFF is not decoded; send jpeg, png or webp');
  }
  if (head.includes('%PDF-')) throw new PhotoError('PHOTO_PDF', 'a PDF is not a photo');
  if (isSvg(bytes)) throw new PhotoError('PHOTO_SVG', 'SVG is not decoded; send jpeg, png or webp');

  const others = ['BM', '\0\0\x01\0', '8BPS', '\xff\x0a', '\0\0\0\x0cJXL ', '\0\0\0\x0cjP  '];
  if (others.some((magic) => startsWith(magic))) {
    throw new PhotoError('PHOTO_UNSUPPORTED', 'this format is not decoded; send jpeg, png or webp');
  }
  throw new PhotoError('PHOTO_NOT_IMAGE', 'the first bytes belong to no picture format');
}

/** The major and the compatible brands of an ISO base media file's first box. */
function brandsOf(head: Buffer): string[] {
  const boxBytes = Math.min(head.length, head.readUInt32BE(0));
  const brands = [head.toString('latin1', 8, 12)];
  for (let at = 16; at + 4 <= boxBytes; at += 4) brands.push(head.toString('latin1', at, at + 4));
  return brands;
}

function isSvg(bytes: Uint8Array): boolean {
  const head = Buffer.from(
    bytes.buffer,
    bytes.byteOffset,
    Math.min(bytes.byteLength, SVG_SEARCH_BYTES),
  );
  // Dropping zero bytes makes UTF-16 readable enough to find an ASCII tag in it.
  const text = head.toString('latin1').replaceAll('\0', '').trimStart();
  return (
    /^(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?\s*</.test(text) && /<(?:[\w-]+:)?svg[\s>/]/i.test(text)
  );
}
