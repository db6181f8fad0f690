/**
 * @file Fetches a file from a link that a user sent, from allowed hosts only, without being led into our own network.
 */
import { lookup as dnsLookup, type LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { Agent, request } from 'undici';
import { FetchError } from './fetch-error.ts';
import { isPublicAddress } from './public-address.ts';

export { FetchError, type FetchErrorCode, fetchErrorCodes } from './fetch-error.ts';

/** Where Discord keeps attachments. */
export const discordCdnHosts: readonly string[] = Object.freeze([
  'cdn.discordapp.com',
  'media.discordapp.net',
]);

/** What a fetch may cost. */
export type FetchOptions = {
  /**
   * Host names, reached over https on port 443, and `http://127.0.0.1:PORT` origins for tests. Default:
   * {@link discordCdnHosts}.
   */
  allowedHosts?: readonly string[];
  /** Bytes of the body. */
  maxBytes: number;
  /** From the name's lookup to the last byte. */
  timeoutMs: number;
  /** Ends the fetch from outside; its reason is thrown. */
  signal?: AbortSignal;
  /** Finds a host's addresses; the system's resolver by default. All of them are checked, then one is connected to. */
  resolveHost?: (hostname: string) => Promise<LookupAddress[]>;
};

/**
 * Tells whether a text may stand in `allowedHosts`: a plain host name or `http://127.0.0.1:PORT`.
 *
 * @returns false for IP addresses, upper case, ports, paths and wildcards
 */
export function isAllowableHost(text: string): boolean {
  const isName = /^(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/.test(text);
  return isName || isLoopbackOrigin(text);
}

/**
 * Fetches a file into memory.
 *
 * @param link URL as it came; it must begin with an allowed origin, letter by letter
 * @returns the body, at most `maxBytes`
 * @throws {FetchError} when the link is forbidden, dead, too big, too slow or leads elsewhere
 * @throws {TypeError} when `allowedHosts` holds something that {@link isAllowableHost} refuses
 */
export async function fetchRemoteFile(link: string, options: FetchOptions): Promise<Buffer> {
  const { origin, isLoopback } = findOrigin(link, options.allowedHosts ?? discordCdnHosts);
  const timeout = AbortSignal.timeout(options.timeoutMs);
  const signal = options.signal ? AbortSignal.any([timeout, options.signal]) : timeout;
  const agent = new Agent({
    connect: {
      timeout: options.timeoutMs,
      ...(isLoopback ? {} : { lookup: publicLookup(options.resolveHost) }),
    },
    // One file, one connection: nothing is kept for another link to reuse.
    pipelining: 0,
    maxHeaderSize: 16_384,
  });
  try {
    const response = await request(link, {
      dispatcher: agent,
      method: 'GET',
      headers: { 'accept-encoding': 'identity', accept: '*/*' },
      headersTimeout: options.timeoutMs,
      bodyTimeout: options.timeoutMs,
      signal,
    });
    checkHead(origin, response.statusCode, response.headers, options.maxBytes);
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      sizeBytes += chunk.length;
      if (sizeBytes > options.maxBytes) throw tooLarge(origin, options.maxBytes);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks, sizeBytes);
  } catch (error) {
    throw explain(error, origin, timeout, options);
  } finally {
    // Also ends a body that we no longer want. Not awaited: it waits for a connection that may never come.
    agent.destroy().catch(() => {});
  }
}

/**
 * The link must begin with an allowed origin and a slash, as written. So whatever a parser makes of user names,
 * backslashes, dots, ports or odd digits, only links whose host every program reads alike get through.
 */
function findOrigin(
  link: string,
  allowedHosts: readonly string[],
): { origin: string; isLoopback: boolean } {
  for (const host of allowedHosts) {
    if (!isAllowableHost(host)) {
      throw new TypeError('allowedHosts: expected host names and http://127.0.0.1:PORT origins');
    }
    const isLoopback = isLoopbackOrigin(host);
    const origin = isLoopback ? host : `https://${host}`;
    if (!link.startsWith(`${origin}/`) || !URL.canParse(link)) continue;
    const url = new URL(link);
    if (url.origin === origin && url.username === '' && url.password === '') {
      return { origin, isLoopback };
    }
  }
  throw new FetchError('URL_FORBIDDEN', 'the link does not begin with an allowed https host');
}

function isLoopbackOrigin(text: string): boolean {
  const match = /^http:\/\/127\.0\.0\.1:([1-9]\d{0,4})$/.exec(text);
  return match !== null && Number(match[1]) <= 65_535 && match[1] !== '80';
}

/** Resolves, checks every address, and hands the checked ones to the socket: there is no second lookup to poison. */
function publicLookup(resolveHost: FetchOptions['resolveHost']): LookupFunction {
  return (hostname, lookupOptions, callback) => {
    const onAddresses = (addresses: LookupAddress[]): void => {
      const first = addresses[0];
      if (!first || !addresses.every(({ address }) => isPublicAddress(address))) {
        callback(new FetchError('ADDRESS_FORBIDDEN', `${hostname} leads to no public address`), '');
      } else if (lookupOptions.all) {
        callback(null, addresses);
      } else {
        callback(null, first.address, first.family);
      }
    };
    if (resolveHost) {
      resolveHost(hostname).then(onAddresses, (error) => callback(error, ''));
    } else {
      dnsLookup(hostname, { all: true }, (error, addresses) => {
        if (error) callback(error, '');
        else onAddresses(addresses);
      });
    }
  };
}

function checkHead(
  origin: string,
  statusCode: number,
  headers: Record<string, string | string[] | undefined>,
  maxBytes: number,
): void {
  if (statusCode >= 300 && statusCode < 400) {
    throw new FetchError('REDIRECTED', `${origin} answered ${statusCode}; links are not followed`);
  }
  if ([401, 403, 404, 410].includes(statusCode)) {
    throw new FetchError('LINK_EXPIRED', `${origin} answered ${statusCode}`);
  }
  if (statusCode !== 200) {
    throw new FetchError('UNAVAILABLE', `${origin} answered ${statusCode}`);
  }
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw new FetchError('ENCODED', `${origin} sent a compressed body; asked for a plain one`);
  }
  if (Number(headers['content-length'] ?? 0) > maxBytes) throw tooLarge(origin, maxBytes);
}

function tooLarge(origin: string, maxBytes: number): FetchError {
  return new FetchError('TOO_LARGE', `${origin} sent more than ${maxBytes} bytes`);
}

function explain(
  error: unknown,
  origin: string,
  timeout: AbortSignal,
  options: FetchOptions,
): unknown {
  if (error instanceof FetchError) return error;
  if (options.signal?.aborted) return options.signal.reason;
  if (timeout.aborted) {
    return new FetchError('TIMEOUT', `${origin}: not all there after ${options.timeoutMs} ms`);
  }
  const { code, message } = error as { code?: string; message?: string };
  const isTimeout = code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'UND_ERR_HEADERS_TIMEOUT';
  return new FetchError(
    isTimeout || code === 'UND_ERR_BODY_TIMEOUT' ? 'TIMEOUT' : 'UNAVAILABLE',
    `${origin}: ${code ?? message}`,
    { cause: error },
  );
}
