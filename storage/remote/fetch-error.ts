/** @file Why a remote file was not fetched. Codes only: the bot's views turn a code into a sentence. */

/** Every code of a {@link FetchError}. */
export const fetchErrorCodes = [
  /** Not an https URL of an allowed host, or written in a way that programs read differently. */
  'URL_FORBIDDEN',
  /** The host's name leads to an address inside a private or reserved network. */
  'ADDRESS_FORBIDDEN',
  /** The server sent us elsewhere; we never follow. */
  'REDIRECTED',
  /** 401, 403, 404 or 410: a signed link that ran out, or a deleted file. */
  'LINK_EXPIRED',
  /** More bytes than allowed, announced or sent. */
  'TOO_LARGE',
  /** Not all there within the time limit. */
  'TIMEOUT',
  /** The body is compressed although we asked for it plain. */
  'ENCODED',
  /** No connection, a cut connection, 429, 5xx or another odd answer: worth another try. */
  'UNAVAILABLE',
] as const;

export type FetchErrorCode = (typeof fetchErrorCodes)[number];

/** A remote file that was not fetched. The message holds no path or query: signed links are secrets. */
export class FetchError extends Error {
  override readonly name = 'FetchError';
  readonly code: FetchErrorCode;

  constructor(code: FetchErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
