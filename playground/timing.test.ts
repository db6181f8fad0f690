/** @file Discord's deadlines, stepped over with a manual clock: 3 s, 15 min, nonce minutes, one day for links. */
import type { ChatInputCommandInteraction } from 'discord.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ManualClock } from './clock.ts';
import { createManualClock } from './clock.ts';
import type { Stage } from './test-bot.ts';
import { registerPaint, startStage } from './test-bot.ts';
import { png } from './test-picture.ts';

const MINUTE_MS = 60_000;

describe('time in a playground', () => {
  let clock: ManualClock;
  let stage: Stage;
  beforeEach(async () => {
    clock = createManualClock();
    stage = await startStage({ clock });
    await registerPaint(stage);
  });
  afterEach(async () => {
    await stage.close();
  });

  /** Handles every command, and keeps the last interaction. */
  const onCommand = (handler: (interaction: ChatInputCommandInteraction) => unknown) => {
    stage.handle((interaction) => interaction.isChatInputCommand() && handler(interaction));
  };
  const paint = () => stage.playground.command({ user: 'ada', name: 'paint' });

  test('refuses a first answer after 3 s with 10062, and tells the user that none came', async () => {
    let failure: unknown;
    onCommand(async (interaction) => {
      clock.advance(3001);
      failure = await interaction.reply('late').catch((error: unknown) => error);
    });
    const outcome = await paint();
    expect(outcome).toMatchObject({ answered: false, note: 'no answer in 3 s' });
    await expect.poll(() => failure).toMatchObject({ status: 404, code: 10062 });
  });

  test('accepts a first answer just before 3 s', async () => {
    onCommand((interaction) => {
      clock.advance(3000);
      return interaction.reply('in time');
    });
    expect((await paint()).message?.content).toBe('in time');
  });

  test('refuses a second first answer with 40060', async () => {
    let failure: unknown;
    onCommand(async (interaction) => {
      await interaction.reply('one');
      const route = `/interactions/${interaction.id}/${interaction.token}/callback` as const;
      const body = { type: 4, data: { content: 'two' } };
      failure = await stage.client.rest
        .post(route, { body, auth: false })
        .catch((error: unknown) => error);
    });
    await paint();
    await expect.poll(() => failure).toMatchObject({ status: 400, code: 40060 });
  });

  test('lets the token live for 15 min and then answers 401 with 50027', async () => {
    let kept: ChatInputCommandInteraction | undefined;
    onCommand(async (interaction) => {
      kept = interaction;
      await interaction.deferReply();
    });
    await paint();
    await expect.poll(() => kept?.deferred).toBe(true);
    clock.advance(15 * MINUTE_MS);
    await kept?.editReply('still here');
    clock.advance(1);
    const failure = await kept?.editReply('too late').catch((error: unknown) => error);
    expect(failure).toMatchObject({ status: 401, code: 50027 });
  });

  test('answers 10015 before the first answer and 10008 where there is no original', async () => {
    const { client, playground } = stage;
    const original = (token: string) =>
      `/webhooks/${playground.application.id}/${token}/messages/@original` as const;
    let early: unknown;
    let without: unknown;
    stage.handle(async (interaction) => {
      if (!interaction.isAutocomplete()) return;
      const route = original(interaction.token);
      early = await client.rest.get(route, { auth: false }).catch((error: unknown) => error);
      await interaction.respond([]);
      without = await client.rest.get(route, { auth: false }).catch((error: unknown) => error);
    });
    await playground.autocomplete({ user: 'ada', name: 'paint', focused: 'prompt', value: '' });
    await expect.poll(() => without).toMatchObject({ status: 404, code: 10008 });
    expect(early).toMatchObject({ status: 404, code: 10015 });
  });

  test('lets links expire after one day, refuses forged ones, signs new ones on every look', async () => {
    const { client, playground } = stage;
    const channel = await client.channels.fetch(playground.channel.id);
    if (!channel?.isSendable()) throw new Error('not sendable');
    const sent = await channel.send({ files: [{ attachment: png, name: 'r.png' }] });
    const url = sent.attachments.first()?.url ?? '';
    expect(url).toMatch(
      /\/cdn\/attachments\/\d+\/\d+\/r\.png\?ex=[0-9a-f]+&is=[0-9a-f]+&hm=[0-9a-f]{64}&$/,
    );
    const statusOf = async (link: string) => (await fetch(link)).status;
    expect(await statusOf(url)).toBe(200);
    expect(await statusOf(url.replace(/ex=./, 'ex=f'))).toBe(404);
    clock.advance(24 * 60 * MINUTE_MS);
    expect(await statusOf(url)).toBe(404);
    const again = playground.messages()[0]?.attachments[0]?.url ?? '';
    expect(await statusOf(again)).toBe(200);
  });

  test('hands out links that are expired, or lead elsewhere, when asked to', async () => {
    const urls: string[] = [];
    onCommand(async (interaction) => {
      urls.push(interaction.options.getAttachment('photo', true).url);
      await interaction.reply('seen');
    });
    const files = { photo: { name: 'a.png', bytes: png } };
    const action = { user: 'ada', name: 'paint', files };
    await stage.playground.command(action);
    await stage.playground.command({ ...action, expireLinks: true });
    await stage.playground.command({ ...action, attachmentUrl: 'https://example.org/a.png' });
    expect((await fetch(urls[0] ?? '')).status).toBe(200);
    expect(urls[0]).toContain(`/cdn/ephemeral-attachments/${stage.playground.application.id}/`);
    expect((await fetch(urls[1] ?? '')).status).toBe(404);
    expect(urls[2]).toBe('https://example.org/a.png');
  });

  test('forgets a nonce after some minutes', async () => {
    const { client, playground } = stage;
    const channel = await client.channels.fetch(playground.channel.id);
    if (!channel?.isSendable()) throw new Error('not sendable');
    const send = () => channel.send({ content: 'x', nonce: 'n', enforceNonce: true });
    const first = await send();
    clock.advance(MINUTE_MS);
    expect((await send()).id).toBe(first.id);
    clock.advance(5 * MINUTE_MS);
    expect((await send()).id).not.toBe(first.id);
  });
});
