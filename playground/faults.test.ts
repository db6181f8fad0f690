/** @file Every fault kind, seen through the real REST client: what the caller gets and what took effect. */
import { REST } from 'discord.js';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { bindFault, type FaultRequest, matchesRoute } from './faults.ts';
import type { Playground } from './server.ts';
import { startPlayground } from './server.ts';
import { png } from './test-picture.ts';

describe('faults', () => {
  let playground: Playground;
  beforeAll(async () => {
    playground = await startPlayground({
      rateLimits: { 'POST /channels/{channel_id}/messages': { limit: 100, windowMs: 1000 } },
    });
  });
  afterAll(async () => {
    await playground.close();
  });
  beforeEach(() => {
    playground.clearFaults();
    for (const message of playground.messages()) playground.deleteMessage(message.id);
  });

  const restClient = (options = {}) =>
    new REST({ api: playground.urls.api, version: '10', ...options }).setToken(
      playground.application.token,
    );
  const route = () => `/channels/${playground.channel.id}/messages` as const;
  const post = (rest: REST, content = 'hi') =>
    rest.post(route(), { body: { content } }).catch((error: unknown) => error);
  const posted = () => playground.messages().length;
  const ROUTE = 'POST /channels/:id/messages';

  test.each(['500', '502', '503'] as const)('%s is retried until it stops', async (kind) => {
    playground.fault({ kind, route: ROUTE, times: 2 });
    expect(await post(restClient())).toMatchObject({ content: 'hi' });
    expect(posted()).toBe(1);
  });

  test('500 for ever reaches the caller, with nothing done', async () => {
    playground.fault({ kind: '500', route: ROUTE, times: 10 });
    expect(await post(restClient())).toMatchObject({ status: 500 });
    expect(posted()).toBe(0);
  });

  test('500 after the effect duplicates a message', async () => {
    playground.fault({ kind: '500', route: ROUTE, executed: true });
    await post(restClient());
    expect(posted()).toBe(2);
  });

  test('reset-after-body makes the client post twice; an enforced nonce prevents it', async () => {
    playground.fault({ kind: 'reset-after-body', route: ROUTE });
    await post(restClient());
    expect(posted()).toBe(2);
    playground.fault({ kind: 'reset-after-body', route: ROUTE });
    await restClient().post(route(), { body: { content: 'n', nonce: 'a', enforce_nonce: true } });
    expect(posted()).toBe(3);
  });

  test('reset-before is retried and leaves one message', async () => {
    playground.fault({ kind: 'reset-before', route: ROUTE });
    await post(restClient());
    expect(posted()).toBe(1);
  });

  test('close-without-response is not retried', async () => {
    playground.fault({ kind: 'close-without-response', route: ROUTE });
    expect(await post(restClient())).toBeInstanceOf(Error);
    expect(posted()).toBe(0);
  });

  test('silent and slow run into the client timeout', async () => {
    playground.fault({ kind: 'silent', route: ROUTE, times: 9 });
    expect(await post(restClient({ timeout: 50, retries: 0 }))).toMatchObject({
      name: 'AbortError',
    });
    playground.clearFaults();
    playground.fault({ kind: 'slow', route: ROUTE, delayMs: 100 });
    const started = performance.now();
    expect(await post(restClient())).toMatchObject({ content: 'hi' });
    expect(performance.now() - started).toBeGreaterThan(95);
  });

  test('429 is waited for as long as the header says', async () => {
    playground.fault({ kind: '429', route: ROUTE, retryAfter: 0.2 });
    const started = performance.now();
    expect(await post(restClient())).toMatchObject({ content: 'hi' });
    expect(performance.now() - started).toBeGreaterThan(195);
    playground.fault({ kind: '429-body-only', route: ROUTE, times: 3, retryAfter: 30 });
    expect(await post(restClient())).toMatchObject({ content: 'hi' });
  });

  test('401 takes the token away from the client', async () => {
    const rest = restClient();
    playground.fault({ kind: '401', route: ROUTE });
    expect(await post(rest)).toMatchObject({ status: 401 });
    expect(String(await post(rest))).toContain('Expected token to be set');
  });

  test('expired-token, refusal, 403-html, bad-json and html-200 look as on Discord', async () => {
    const rest = restClient();
    playground.fault({ kind: '403-html', route: ROUTE });
    expect(await post(rest)).toMatchObject({ status: 403, code: undefined });
    playground.fault({ kind: 'bad-json', route: ROUTE });
    expect(await post(rest)).toBeInstanceOf(SyntaxError);
    playground.fault({ kind: 'html-200', route: ROUTE });
    expect(await post(rest)).not.toHaveProperty('id');
    playground.fault({ kind: 'expired-token', route: ROUTE });
    expect(await post(rest)).toMatchObject({ status: 401, code: 50027 });
    const refusal = { status: 400, code: 30046, message: 'Maximum number of edits reached' };
    playground.fault({ kind: 'refusal', route: ROUTE, refusal });
    expect(await post(restClient())).toMatchObject(refusal);
  });

  test('truncate cuts a download short, stall-body never ends it', async () => {
    const body = { content: 'file' };
    const rest = restClient();
    await rest.post(route(), { body, files: [{ name: 'a.png', data: png }] });
    const url = playground.messages()[0]?.attachments[0]?.url ?? '';
    playground.fault({ kind: 'truncate', route: 'GET /cdn/attachments/*' });
    await expect(fetch(url).then((answer) => answer.arrayBuffer())).rejects.toThrow();
    playground.fault({ kind: 'stall-body', route: 'GET /cdn/*' });
    const stalled = fetch(url, { signal: AbortSignal.timeout(100) });
    await expect(stalled.then((answer) => answer.arrayBuffer())).rejects.toThrow();
    expect((await fetch(url)).status).toBe(200);
  });

  test('a rule waits for its turn and ends after its times', async () => {
    playground.fault({ kind: '500', route: ROUTE, skip: 1, times: 1 });
    const once = restClient({ retries: 0 });
    expect(await post(once, 'a')).toMatchObject({ content: 'a' });
    expect(await post(once, 'b')).toMatchObject({ status: 500 });
    expect(await post(once, 'c')).toMatchObject({ content: 'c' });
    const faulty = playground
      .log()
      .filter((entry) => entry.kind === 'rest' && entry.fault === '500');
    expect(faulty.at(-1)).toMatchObject({ status: 500, body: { content: 'b' } });
  });

  test('empties a bucket with 429, Retry-After and scope, and names it in every answer', async () => {
    const strict = await startPlayground({
      rateLimits: { 'GET /channels/{channel_id}': { limit: 2, windowMs: 300 } },
    });
    const url = `${strict.urls.api}/v10/channels/${strict.channel.id}`;
    const headers = { authorization: `Bot ${strict.application.token}` };
    const answers = [];
    for (let nr = 0; nr < 3; nr += 1) answers.push(await fetch(url, { headers }));
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 429]);
    expect(answers[0]?.headers.get('x-ratelimit-remaining')).toBe('1');
    expect(answers[2]?.headers.get('x-ratelimit-scope')).toBe('user');
    expect(Number(answers[2]?.headers.get('retry-after'))).toBeLessThanOrEqual(0.3);
    const rest = new REST({ api: strict.urls.api, version: '10' }).setToken(
      strict.application.token,
    );
    const calls = [1, 2, 3, 4].map(() => rest.get(`/channels/${strict.channel.id}`));
    expect(await Promise.all(calls)).toHaveLength(4);
    await strict.close();
  });

  test('route patterns match methods, segments and rests', () => {
    expect(matchesRoute(undefined, 'GET', '/a')).toBe(true);
    expect(matchesRoute('PATCH /webhooks/*', 'PATCH', '/webhooks/1/t/messages/%40original')).toBe(
      true,
    );
    expect(matchesRoute('POST /channels/:id/messages', 'POST', '/channels/1/messages')).toBe(true);
    expect(matchesRoute('POST /channels/:id/messages', 'POST', '/channels/1/messages/2')).toBe(
      false,
    );
    expect(
      matchesRoute('/interactions/{id}/{token}/callback', 'POST', '/interactions/1/a-b/callback'),
    ).toBe(true);
  });

  test('a bound fault concerns the requests of one interaction only', () => {
    const fault: FaultRequest = { kind: '500' };
    const { route } = bindFault({ ...fault, route: '/webhooks/*{token}*' }, 'a-_b');
    expect(matchesRoute(route, 'PATCH', '/webhooks/1/a-_b/messages/@original')).toBe(true);
    expect(matchesRoute(route, 'PATCH', '/webhooks/1/a-_c/messages/@original')).toBe(false);
    expect(matchesRoute(route, 'POST', '/interactions/1/a-_b/callback')).toBe(false);
    const every = bindFault(fault, 'a-_b').route;
    expect(matchesRoute(every, 'POST', '/interactions/1/a-_b/callback')).toBe(true);
  });
});
