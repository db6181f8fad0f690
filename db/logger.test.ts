/** @file What the log tells of errors, and what it keeps to itself. */
import { DrizzleQueryError } from 'drizzle-orm';
import { expect, test } from 'vitest';
import { createLogger } from './logger.ts';

function logged(error: unknown): { text: string; err: Record<string, unknown> } {
  const lines: string[] = [];
  const logger = createLogger({ base: null }, { write: (line) => void lines.push(line) });
  logger.error({ err: error }, 'failed');
  const text = lines.join('');
  return { text, err: (JSON.parse(text) as { err: Record<string, unknown> }).err };
}

test('of a failed query, its text and its cause are told, not its values', () => {
  const cause = Object.assign(new Error('the server is going away'), {
    code: '57P01',
    detail: 'Key (name)=(Rex) is there.',
  });
  const query = 'insert into "renditions" ("prompt") values ($1)';
  const { text, err } = logged(new DrizzleQueryError(query, ['a [V]\nin the jungle', 7], cause));
  expect(err).toMatchObject({
    type: 'DrizzleQueryError',
    message: `Failed query: ${query}`,
    cause: { type: 'Error', message: 'the server is going away', code: '57P01' },
  });
  expect(err.stack).toMatch(/^Error: Failed query: .*\n {4}at /);
  expect(text).not.toMatch(/jungle|Rex/);
});

test('of a failed request, its place and its answer are told, not its body nor its token', () => {
  const error = Object.assign(new Error('Unknown Webhook'), {
    code: 10015,
    status: 404,
    method: 'PATCH',
    url: 'https://discord.com/api/v10/webhooks/123456/aW50ZXJhY3Rpb246/messages/@original?with=1',
    requestBody: { json: { content: 'a [V] in the jungle' }, files: [Buffer.from('picture')] },
  });
  const { text, err } = logged(error);
  expect(err).toMatchObject({
    code: 10015,
    status: 404,
    method: 'PATCH',
    url: 'https://discord.com/api/v10/webhooks/123456/…/messages/@original',
  });
  expect(text).not.toMatch(/jungle|aW50|Buffer/);
});

test('errors within an error are told, and what is no error as its words', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  expect(logged(new AggregateError([refused], 'no address answers')).err).toMatchObject({
    type: 'AggregateError',
    errors: [{ message: 'connect ECONNREFUSED', code: 'ECONNREFUSED' }],
  });
  expect(logged('a word').err).toEqual({ type: 'string', message: 'a word' });
});

test('causes that go round in a circle end', () => {
  const first = new Error('first');
  first.cause = new Error('second', { cause: first });
  expect(logged(first).text.length).toBeLessThan(20_000);
});
