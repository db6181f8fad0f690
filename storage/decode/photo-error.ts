/** @file Why a photo was refused. Codes only: the bot's views turn a code into a sentence. */

/** Every code of a {@link PhotoError}. */
export const photoErrorCodes = [
  /** The bytes are no picture that we know. */
  'PHOTO_NOT_IMAGE',
  /** HEIC or HEIF, what iPhones store. The sentence for it tells how to convert. */
  'PHOTO_HEIC',
  'PHOTO_AVIF',
  'PHOTO_SVG',
  'PHOTO_TIFF',
  'PHOTO_PDF',
  /** A picture in yet another format: BMP, ICO, PSD, JPEG XL, JPEG 2000. */
  'PHOTO_UNSUPPORTED',
  /** More bytes than allowed. */
  'PHOTO_TOO_LARGE',
  'PHOTO_TOO_MANY_PIXELS',
  /** The right format, but damaged: cut off, or the decoder failed or died over it. */
  'PHOTO_BROKEN',
  /** Decoding took too long. */
  'PHOTO_TIMEOUT',
  /** Decoding took too much memory. */
  'PHOTO_MEMORY',
] as const;

export type PhotoErrorCode = (typeof photoErrorCodes)[number];

/** A photo that was refused. `message` is for logs and never holds the photo's own text. */
export class PhotoError extends Error {
  override readonly name = 'PhotoError';
  readonly code: PhotoErrorCode;

  constructor(code: PhotoErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
