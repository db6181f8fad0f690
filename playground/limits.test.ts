/** @file Discord's limits: what the playground refuses from a bot, and from people. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkCommands } from './command-limits.ts';
import { passesFileTypes } from './command-options.ts';
import { numberComponents } from './component-numbers.ts';
import { readImageSize } from './image-size.ts';
import type { ComponentJson, Json } from './json.ts';
import { asObject, asObjects } from './json.ts';
import { checkChoices, checkModal } from './modal-limits.ts';
import type { Playground } from './server.ts';
import { startPlayground } from './server.ts';
import { png } from './test-picture.ts';

const V2 = 1 << 15;
const times = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, index) => make(index));
const button = (customId: string) => ({ type: 2, style: 1, label: 'b', custom_id: customId });
const row = (...components: unknown[]) => ({ type: 1, components });
const text = (content: string) => ({ type: 10, content });
const media = (url: string) => ({ media: { url } });

describe('limits of a message', () => {
  let playground: Playground;
  beforeAll(async () => {
    const limit = { limit: 1000, windowMs: 1000 };
    playground = await startPlayground({
      rateLimits: { global: limit, 'POST /channels/{channel_id}/messages': limit },
    });
  });
  afterAll(async () => {
    await playground.close();
  });

  const post = async (body: unknown, files: Buffer[] = []) => {
    const form = new FormData();
    form.set('payload_json', JSON.stringify(body));
    for (const [index, bytes] of files.entries()) {
      form.set(`files[${index}]`, new Blob([new Uint8Array(bytes)]), `f${index}.png`);
    }
    const url = `${playground.urls.api}/v10/channels/${playground.channel.id}/messages`;
    const headers = { authorization: `Bot ${playground.application.token}` };
    const answer = await fetch(url, { method: 'POST', headers, body: form });
    return { status: answer.status, body: (await answer.json()) as Json };
  };
  const errorsAt = async (body: Json, ...path: (string | number)[]) => {
    const answer = await post(body);
    expect(answer).toMatchObject({ status: 400, body: { code: 50035 } });
    const node = path.reduce((tree: Json, key) => tree[key] as Json, answer.body.errors as Json);
    return (node._errors as Json[])[0]?.code;
  };

  test('accepts each limit exactly', async () => {
    const accepted: Json[] = [
      { content: 'x'.repeat(2000) },
      { embeds: times(10, () => ({ description: 'd' })) },
      { content: 'c', components: [row(button('x'.repeat(100)))] },
      { flags: V2, components: times(40, () => text('t')) },
      { flags: V2, components: [text('t'.repeat(4000))] },
      {
        flags: V2,
        components: [{ type: 12, items: times(10, () => media('https://e.org/a.png')) }],
      },
    ];
    for (const body of accepted) expect((await post(body)).status).toBe(200);
    expect(
      (
        await post(
          {},
          times(10, () => png),
        )
      ).status,
    ).toBe(200);
  });

  test('refuses one more than each limit, and says where', async () => {
    expect(await errorsAt({ content: 'x'.repeat(2001) }, 'content')).toBe('BASE_TYPE_MAX_LENGTH');
    expect(await errorsAt({ embeds: times(11, () => ({ description: 'd' })) }, 'embeds')).toBe(
      'BASE_TYPE_MAX_LENGTH',
    );
    expect(
      await errorsAt({ embeds: times(2, () => ({ description: 'd'.repeat(3001) })) }, 'embeds'),
    ).toBe('MAX_EMBED_SIZE_EXCEEDED');
    const longId = { content: 'c', components: [row(button('x'.repeat(101)))] };
    expect(await errorsAt(longId, 'components', 0, 'components', 0, 'custom_id')).toBe(
      'BASE_TYPE_BAD_LENGTH',
    );
    const many = { flags: V2, components: times(41, () => text('t')) };
    expect(await errorsAt(many, 'components')).toBe('COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED');
    const nested = {
      flags: V2,
      components: times(5, () => ({ type: 17, components: times(8, () => text('t')) })),
    };
    expect(await errorsAt(nested, 'components')).toBe('COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED');
    const long = { flags: V2, components: times(2, () => text('t'.repeat(2001))) };
    expect(await errorsAt(long, 'components')).toBe('COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED');
    const gallery = { type: 12, items: times(11, () => media('https://e.org/a.png')) };
    expect(await errorsAt({ flags: V2, components: [gallery] }, 'components', 0, 'items')).toBe(
      'BASE_TYPE_BAD_LENGTH',
    );
    const buttons = { content: 'c', components: [row(...times(6, (nr) => button(`b${nr}`)))] };
    expect(await errorsAt(buttons, 'components', 0, 'components')).toBe('BASE_TYPE_BAD_LENGTH');
    const twice = { content: 'c', components: [row(button('a'), button('a'))] };
    expect(await errorsAt(twice, 'components', 0, 'components', 1, 'custom_id')).toBe(
      'COMPONENT_CUSTOM_ID_DUPLICATED',
    );
    const nonce = { content: 'c', nonce: 'n'.repeat(26) };
    expect(await errorsAt(nonce, 'nonce')).toBe('NONCE_TYPE_TOO_LONG');
  });

  test('keeps V2 messages free of legacy fields, and legacy ones free of V2 components', async () => {
    const mixed = { flags: V2, content: 'c', components: [text('t')] };
    expect(await errorsAt(mixed, 'content')).toBe(
      'MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2',
    );
    const legacy = { content: 'c', components: [text('t')] };
    expect(await errorsAt(legacy, 'components', 0, 'type')).toBe('UNION_TYPE_CHOICES');
    const dangling = { flags: V2, components: [{ type: 13, file: { url: 'attachment://x.png' } }] };
    expect(await errorsAt(dangling, 'components', 0, 'file', 'url')).toBe(
      'UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND',
    );
  });

  test('refuses eleven files, files over 10 MiB, and messages with nothing in them', async () => {
    expect(
      await post(
        {},
        times(11, () => png),
      ),
    ).toMatchObject({
      status: 400,
      body: { errors: { attachments: {} } },
    });
    const large = Buffer.alloc(10 * 1024 * 1024 + 1);
    expect(await post({}, [large])).toMatchObject({ status: 413, body: { code: 40005 } });
    expect(await post({ content: ' ' })).toMatchObject({ status: 400, body: { code: 50006 } });
  });

  test('shows attachments of a V2 gallery in the gallery and nowhere else', async () => {
    const gallery = { type: 12, items: [media('attachment://f0.png')] };
    const { body } = await post({ flags: V2, components: [gallery] }, [png, png]);
    const files = body.attachments as Json[];
    expect(files.map((file) => file.filename)).toEqual(['f1.png']);
    const [shownGallery] = asObjects(body.components);
    const shown = asObject(asObjects(shownGallery?.items)[0]?.media) ?? {};
    expect(shown).toMatchObject({ width: 3, height: 2, content_type: 'image/png' });
    expect((await fetch(String(shown.url))).status).toBe(200);
    const patch = await fetch(
      `${playground.urls.api}/v10/channels/${playground.channel.id}/messages/${body.id}`,
      {
        method: 'PATCH',
        headers: {
          authorization: `Bot ${playground.application.token}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify({ components: body.components }),
      },
    );
    const echoed = (await patch.json()) as Json;
    expect(asObjects(echoed.attachments).map((file) => file.filename)).toEqual(['f1.png']);
  });

  test('pings only whom allowed_mentions lets it', async () => {
    const ada = playground.user('ada').id;
    const content = `@everyone <@${ada}>`;
    const open = (await post({ content })).body;
    expect(open).toMatchObject({ mention_everyone: true, mentions: [{ id: ada }] });
    const closed = (await post({ content, allowed_mentions: { parse: [] } })).body;
    expect(closed).toMatchObject({ mention_everyone: false, mentions: [] });
  });

  test('answers unknown routes, wrong tokens and broken JSON as Discord does', async () => {
    const get = (route: string, token = playground.application.token) =>
      fetch(`${playground.urls.api}/v10${route}`, { headers: { authorization: `Bot ${token}` } });
    expect((await get('/nowhere')).status).toBe(404);
    expect((await get('/users/@me', 'wrong')).status).toBe(401);
    expect(await (await get('/channels/1')).json()).toMatchObject({ code: 10003 });
    expect(await (await get('/guilds/1')).json()).toMatchObject({ code: 10004 });
    const broken = await fetch(`${playground.urls.api}/v10/interactions/1/t/callback`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{',
    });
    expect(await broken.json()).toMatchObject({ code: 50109 });
  });
});

describe('limits of commands, modals and choices', () => {
  const command = (change: Json): Json => ({ name: 'a', description: 'd', ...change });
  const option = (nr: number): Json => ({ type: 3, name: `o${nr}`, description: 'd' });

  test('accepts 100 commands with 25 options and refuses one more', () => {
    const many = (count: number) => times(count, (nr) => command({ name: `c${nr}` }));
    expect(() => checkCommands(many(100))).not.toThrow();
    expect(() => checkCommands(many(101))).toThrow('Invalid Form Body');
    expect(() => checkCommands([command({ options: times(25, option) })])).not.toThrow();
    const refused: Json[] = [
      command({ options: times(26, option) }),
      command({ name: 'Upper' }),
      command({ name: 'x'.repeat(33) }),
      command({ description: 'd'.repeat(101) }),
      command({ options: [option(1), { ...option(2), required: true }] }),
      command({
        options: [{ ...option(1), choices: times(26, (nr) => ({ name: `${nr}`, value: 'v' })) }],
      }),
      command({
        options: times(25, (nr) => ({
          ...option(nr),
          choices: times(5, () => ({ name: 'n'.repeat(50), value: 'v'.repeat(50) })),
        })),
      }),
      command({ type: 3 }),
    ];
    for (const definition of refused) expect(() => checkCommands([definition])).toThrow();
    const menus = times(16, (nr) => ({ type: 3, name: `m${nr}` }));
    expect(() => checkCommands(menus)).toThrow();
    expect(() => checkCommands(menus.slice(1))).not.toThrow();
  });

  test('accepts a modal of five labels and refuses one that breaks a limit', () => {
    const label = (component: Json, change: Json = {}) => ({
      type: 18,
      label: 'L',
      component,
      ...change,
    });
    const upload = (customId: string, change: Json = {}) => ({
      type: 19,
      custom_id: customId,
      ...change,
    });
    const modal = (...components: Json[]): Json => ({ custom_id: 'm', title: 'T', components });
    const five = times(5, (nr) => label(upload(`u${nr}`, { min_values: 0, max_values: 10 })));
    expect(() => checkModal(modal(...five))).not.toThrow();
    const refused: Json[] = [
      modal(),
      modal(...five, label(upload('u6'))),
      modal(label(upload('u', { max_values: 11 }))),
      modal(label(upload('u'), { label: 'L'.repeat(46) })),
      modal(label(upload('u'), { description: 'd'.repeat(101) })),
      modal(label(upload('u')), label(upload('u'))),
      modal(label({ type: 2, custom_id: 'b', style: 1, label: 'b' })),
      modal(label({ type: 21, custom_id: 'r', options: [{ label: 'one', value: '1' }] })),
      { ...modal(label(upload('u'))), title: 'T'.repeat(46) },
    ];
    for (const broken of refused) expect(() => checkModal(broken)).toThrow('Invalid Form Body');
  });

  test('accepts 25 choices of 100 characters and no more', () => {
    const choices = (count: number, length = 1) =>
      times(count, () => ({ name: 'n'.repeat(length), value: 'v' }));
    expect(() => checkChoices(choices(25, 100))).not.toThrow();
    expect(() => checkChoices(choices(26))).toThrow();
    expect(() => checkChoices(choices(1, 101))).toThrow();
  });

  test('filters file types by extension, as the client does', () => {
    expect(passesFileTypes('a.JPG', ['image'])).toBe(true);
    expect(passesFileTypes('a.heic', ['image'])).toBe(false);
    expect(passesFileTypes('a.heic', ['image', '.heic'])).toBe(true);
    expect(passesFileTypes('a.heic', undefined)).toBe(true);
  });

  test('numbers components that came without an id, around those that have one', () => {
    const tree: ComponentJson[] = [{ type: 17, components: [{ type: 10, id: 1 }, { type: 10 }] }];
    expect(numberComponents(tree)).toEqual([
      {
        type: 17,
        id: 2,
        components: [
          { type: 10, id: 1 },
          { type: 10, id: 3 },
        ],
      },
    ]);
  });

  test('reads the size of a png and of nothing else', () => {
    expect(readImageSize(png)).toEqual({ width: 3, height: 2 });
    expect(readImageSize(Buffer.from('not a picture, but long enough to look at'))).toBeUndefined();
    expect(readImageSize(Buffer.from([0xff, 0xd8, 0xff]))).toBeUndefined();
  });
});
