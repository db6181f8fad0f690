import type { LookupAddress } from 'node:dns';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  FetchError,
  type FetchErrorCode,
  type FetchOptions,
  fetchRemoteFile,
  isAllowableHost,
} from './fetch-remote-file.ts';

const limits = { maxBytes: 1000, timeoutMs: 2000 };

async function codeOf(link: string, options: Partial<FetchOptions> = {}): Promise<string> {
  try {
    await fetchRemoteFile(link, { ...limits, ...options });
  } catch (error) {
    if (error instanceof FetchError) return error.code;
    throw error;
  }
  return 'no error';
}

const neverResolve = async (hostname: string): Promise<LookupAddress[]> => {
  throw new Error(`${hostname} must not be looked up`);
};

describe('a link that does not begin with an allowed origin is refused before any lookup', () => {
  test.each([
    // not https
    'http://cdn.discordapp.com/a.png',
    'ftp://cdn.discordapp.com/a.png',
    'file:///etc/passwd',
    'data:image/png;base64,AAAA',
    'gopher://cdn.discordapp.com/',
    '//cdn.discordapp.com/a.png',
    'cdn.discordapp.com/a.png',
    '',
    // other hosts
    'https://example.com/a.png',
    'https://discord.com/a.png',
    'https://discordapp.com/a.png',
    'https://evil.cdn.discordapp.com/a.png',
    // suffix and prefix
    'https://cdn.discordapp.com.evil.example/a.png',
    'https://cdn.discordapp.comevil.example/a.png',
    'https://evilcdn.discordapp.com/a.png',
    'https://evil.example/https://cdn.discordapp.com/a.png',
    'https://evil.example?https://cdn.discordapp.com/a.png',
    'https://evil.example#https://cdn.discordapp.com/a.png',
    // user names
    'https://cdn.discordapp.com@evil.example/a.png',
    'https://cdn.discordapp.com:x@evil.example/a.png',
    'https://user@cdn.discordapp.com/a.png',
    'https://user:password@cdn.discordapp.com/a.png',
    'https://cdn.discordapp.com%2f@evil.example/a.png',
    // backslashes, spaces, control characters
    'https:\\\\cdn.discordapp.com\\a.png',
    'https://cdn.discordapp.com\\@evil.example/a.png',
    'https://cdn.discordapp.com\t.evil.example/a.png',
    'https://cdn.discordapp.com\r\nHost: evil.example/a.png',
    ' https://cdn.discordapp.com/a.png',
    // trailing dot, ports, spellings of the host
    'https://cdn.discordapp.com./a.png',
    'https://cdn.discordapp.com:443/a.png',
    'https://cdn.discordapp.com:8443/a.png',
    'https://cdn.discordapp.com:/a.png',
    'https://CDN.DISCORDAPP.COM/a.png',
    'https://cdn%2Ediscordapp.com/a.png',
    'https://cdn。discordapp。com/a.png',
    'https://cdn.disc\u00adordapp.com/a.png',
    'https://ｃdn.discordapp.com/a.png',
    // addresses
    'https://127.0.0.1/',
    'http://127.0.0.1:8080/a.png',
    'https://127.1/',
    'https://0x7f000001/',
    'https://2130706433/',
    'https://0177.0.0.1/',
    'https://0/',
    'https://localhost/',
    'https://[::1]/',
    'https://[::]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:7f00:1]/',
    'https://[64:ff9b::7f00:1]/',
    'https://[2002:7f00:1::]/',
    'https://[fd00::1]/',
    'https://169.254.169.254/latest/meta-data/',
    'http://169.254.169.254/latest/meta-data/',
    'https://100.64.0.1/',
    'https://metadata.google.internal/',
  ])('%j', async (link) => {
    expect(await codeOf(link, { resolveHost: neverResolve })).toBe('URL_FORBIDDEN');
  });

  test.each([
    'http://127.0.0.1:9999/a.png',
    'http://127.1:8080/a.png',
    'http://0x7f000001:8080/a.png',
    'http://2130706433:8080/a.png',
    'http://localhost:8080/a.png',
    'http://user@127.0.0.1:8080/a.png',
    'http://127.0.0.1:80801/a.png',
    'http://127.0.0.1:8080@evil.example/a.png',
    'https://127.0.0.1:8080/a.png',
  ])('%j, where only http://127.0.0.1:8080 is allowed', async (link) => {
    expect(await codeOf(link, { allowedHosts: ['http://127.0.0.1:8080'] })).toBe('URL_FORBIDDEN');
  });
});

describe('an allowed name that leads to a private address is refused', () => {
  test.each([
    ['127.0.0.1'],
    ['10.0.0.1'],
    ['169.254.169.254'],
    ['100.64.0.1'],
    ['::1'],
    ['::ffff:127.0.0.1'],
    ['fd00::1'],
    ['64:ff9b::7f00:1'],
    ['2002:7f00:1::'],
    ['8.8.8.8', '127.0.0.1'],
    ['2606:4700::1', '::1'],
    [],
  ])('%j', async (...addresses) => {
    let lookups = 0;
    const code = await codeOf('https://cdn.discordapp.com/a.png', {
      resolveHost: async () => {
        lookups++;
        return addresses
          .filter((address) => typeof address === 'string')
          .map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
      },
    });
    expect(code).toBe('ADDRESS_FORBIDDEN');
    expect(lookups).toBe(1);
  });

  test('a name that does not resolve is worth another try', async () => {
    const resolveHost = async (): Promise<LookupAddress[]> => {
      throw Object.assign(new Error('no such host'), { code: 'ENOTFOUND' });
    };
    expect(await codeOf('https://cdn.discordapp.com/a.png', { resolveHost })).toBe('UNAVAILABLE');
  });

  test('a resolver that never answers ends at the time limit', async () => {
    const resolveHost = (): Promise<LookupAddress[]> => new Promise(() => {});
    const options = { resolveHost, timeoutMs: 200 };
    expect(await codeOf('https://cdn.discordapp.com/a.png', options)).toBe('TIMEOUT');
  });
});

describe('a server that misbehaves', () => {
  let server: Server;
  let origin: string;
  const body = Buffer.alloc(1000, 'x');
  const seen: { encoding?: string; paths: string[] } = { paths: [] };

  const routes: Record<string, RequestListener> = {
    '/ok': (_, response) => response.end(body),
    '/empty': (_, response) => response.end(),
    '/announced': (_, response) =>
      response.writeHead(200, { 'content-length': 1001 }).end(Buffer.alloc(1001)),
    '/endless': (_, response) => {
      const push = (): void => {
        while (!response.destroyed && response.write(body));
        if (!response.destroyed) response.once('drain', push);
      };
      push();
    },
    '/lie': (_, response) => {
      response.writeHead(200, { 'content-length': 900 });
      response.write(Buffer.alloc(100));
      setTimeout(() => response.destroy(), 20);
    },
    '/drip': (_, response) => {
      const timer = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(timer));
    },
    '/silent': () => {},
    '/gzip': (_, response) =>
      response
        .writeHead(200, { 'content-encoding': 'gzip' })
        .end(gzipSync(Buffer.alloc(50_000_000)).subarray(0, 900)),
    '/redirect': (_, response) => response.writeHead(302, { location: `${origin}/ok` }).end(),
    '/reset': (request) => request.socket.destroy(),
    '/headers': (_, response) => response.writeHead(200, { 'x-long': 'x'.repeat(60_000) }).end(),
    ...Object.fromEntries(
      [401, 403, 404, 410, 418, 429, 500, 503].map((status) => [
        `/${status}`,
        ((_, response) => response.writeHead(status).end()) satisfies RequestListener,
      ]),
    ),
  };

  beforeAll(async () => {
    server = createServer((request, response) => {
      seen.encoding = String(request.headers['accept-encoding']);
      seen.paths.push(request.url ?? '');
      routes[request.url?.split('?')[0] ?? '']?.(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  test('a file at the limit arrives whole, asked for without compression, query included', async () => {
    const options = { ...limits, allowedHosts: ['cdn.discordapp.com', origin] };
    expect(await fetchRemoteFile(`${origin}/ok?ex=1&hm=2&`, options)).toEqual(body);
    expect(seen.encoding).toBe('identity');
    expect(seen.paths).toContain('/ok?ex=1&hm=2&');
    expect(await fetchRemoteFile(`${origin}/empty`, options)).toEqual(Buffer.alloc(0));
  });

  test.each<[string, FetchErrorCode]>([
    ['/announced', 'TOO_LARGE'],
    ['/endless', 'TOO_LARGE'],
    ['/lie', 'UNAVAILABLE'],
    ['/drip', 'TIMEOUT'],
    ['/silent', 'TIMEOUT'],
    ['/gzip', 'ENCODED'],
    ['/redirect', 'REDIRECTED'],
    ['/reset', 'UNAVAILABLE'],
    ['/headers', 'UNAVAILABLE'],
    ['/401', 'LINK_EXPIRED'],
    ['/403', 'LINK_EXPIRED'],
    ['/404', 'LINK_EXPIRED'],
    ['/410', 'LINK_EXPIRED'],
    ['/418', 'UNAVAILABLE'],
    ['/429', 'UNAVAILABLE'],
    ['/500', 'UNAVAILABLE'],
    ['/503', 'UNAVAILABLE'],
  ])('%s ends with %s', async (route, code) => {
    seen.paths = [];
    const options = { allowedHosts: [origin], timeoutMs: code === 'TIMEOUT' ? 300 : 2000 };
    expect(await codeOf(`${origin}${route}`, options)).toBe(code);
    expect(seen.paths).toEqual([route]);
  });

  test('the message holds no path or query', async () => {
    const fetching = fetchRemoteFile(`${origin}/404?hm=secret`, {
      ...limits,
      allowedHosts: [origin],
    });
    await expect(fetching).rejects.not.toThrow(/404\?|secret/);
  });

  test('a caller can give up', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('shutting down')), 50);
    const options = { ...limits, allowedHosts: [origin], signal: controller.signal };
    await expect(fetchRemoteFile(`${origin}/drip`, options)).rejects.toThrow('shutting down');
  });
});

describe('allowed hosts', () => {
  test.each(['cdn.discordapp.com', 'a.bc', 'http://127.0.0.1:3000', 'http://127.0.0.1:65535'])(
    '%j may be configured',
    (host) => expect(isAllowableHost(host)).toBe(true),
  );

  test.each([
    '*',
    '*.discordapp.com',
    'localhost',
    '10.0.0.1',
    '127.0.0.1',
    'CDN.discordapp.com',
    'cdn.discordapp.com.',
    'cdn.discordapp.com:443',
    'https://cdn.discordapp.com',
    'http://cdn.discordapp.com',
    'http://10.0.0.1:3000',
    'http://127.0.0.1',
    'http://127.0.0.1:80',
    'http://127.0.0.1:0',
    'http://127.0.0.1:70000',
    'http://127.0.0.1:3000/',
    'http://127.1:3000',
    '',
  ])('%j may not', async (host) => {
    expect(isAllowableHost(host)).toBe(false);
    await expect(
      fetchRemoteFile('https://cdn.discordapp.com/a', { ...limits, allowedHosts: [host] }),
    ).rejects.toThrow(TypeError);
  });
});
