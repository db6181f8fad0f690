/** @file The control port over HTTP, and knobs that only the people behind the screen have. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ApplicationCommandType, ContextMenuCommandBuilder } from 'discord.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Json } from './json.ts';
import type { Stage } from './test-bot.ts';
import { registerPaint, startStage } from './test-bot.ts';
import { png } from './test-picture.ts';

describe('the control port', () => {
  let stage: Stage;
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'playground-'));
    stage = await startStage({ cdnDir: path.join(dir, 'cdn') });
    await registerPaint(stage);
  });
  afterAll(async () => {
    await stage.close();
    await rm(dir, { recursive: true });
  });

  const call = async (method: string, route: string, body?: unknown) => {
    const answer = await fetch(`${stage.playground.urls.control}${route}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: (await answer.json()) as Json };
  };

  test('runs a command with a file from disk', async () => {
    const file = path.join(dir, 'cat.png');
    await writeFile(file, png);
    stage.handle(async (interaction) => {
      if (!interaction.isChatInputCommand()) return;
      await interaction.reply(interaction.options.getAttachment('photo', true).name);
    });
    const { status, body } = await call('POST', '/_ctl/command', {
      user: 'ben',
      name: 'paint',
      options: { prompt: 'x' },
      files: { photo: file },
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      answered: true,
      callbackType: 4,
      message: { content: 'cat.png' },
    });
    const again = await call('GET', `/_ctl/interaction?id=${String(body.interactionId)}`);
    expect(again.body).toMatchObject({ message: { content: 'cat.png' } });
    const list = await call('GET', '/_ctl/messages?channel=general&contains=cat.png');
    expect(list.body).toMatchObject([{ content: 'cat.png' }]);
  });

  test('refuses what Discord would refuse, with its codes', async () => {
    expect(await call('POST', '/_ctl/command', { user: 'ben', name: 'nope' })).toMatchObject({
      status: 404,
      body: { code: 10063 },
    });
    const wrong = { user: 'ben', name: 'paint', options: { unknown: 1 } };
    expect(await call('POST', '/_ctl/command', wrong)).toMatchObject({
      status: 400,
      body: { code: 50035, errors: { options: { unknown: {} } } },
    });
    const large = { name: 'a.png', base64: Buffer.alloc(10 * 1024 * 1024 + 1).toString('base64') };
    const tooLarge = { user: 'ben', name: 'paint', files: { photo: large } };
    expect(await call('POST', '/_ctl/command', tooLarge)).toMatchObject({
      status: 413,
      body: { code: 40005 },
    });
    const modal = { user: 'ben', customId: 'never-opened', values: {} };
    expect(await call('POST', '/_ctl/modal', modal)).toMatchObject({
      status: 400,
      body: { message: 'No open modal never-opened for this user.' },
    });
    const click = { user: 'ben', message: '1', customId: 'x' };
    expect(await call('POST', '/_ctl/click', click)).toMatchObject({ body: { code: 10008 } });
    expect((await call('GET', '/_ctl/nowhere')).status).toBe(404);
  });

  test('delivers an interaction twice, and a forged one as it is', async () => {
    const seen: string[] = [];
    stage.handle(async (interaction) => {
      seen.push(interaction.id);
      if (interaction.isChatInputCommand()) {
        await interaction
          .reply(interaction.options.getString('prompt') ?? '')
          .catch(() => undefined);
      }
    });
    const options = { prompt: 'twice' };
    await stage.playground.command({ user: 'ada', name: 'paint', options, duplicate: true });
    await expect.poll(() => seen.length).toBe(2);
    expect(seen[0]).toBe(seen[1]);
    const forged = await stage.playground.command({
      user: 'ada',
      name: 'paint',
      options: { prompt: 'p'.repeat(1999) },
      patchData: { name: 'paint' },
      forge: true,
    });
    expect(forged.message?.content).toHaveLength(1999);
    const clicked = stage.playground.click({
      user: 'ben',
      message: forged.message?.id ?? '',
      customId: 'not-there',
      forge: true,
      timeoutMs: 50,
    });
    await expect(clicked).resolves.toMatchObject({ answered: false });
    await expect.poll(() => seen.length).toBe(4);
  });

  test('acts in direct messages and through context menus', async () => {
    await stage.client.application.commands.set([
      new ContextMenuCommandBuilder()
        .setName('Info')
        .setType(ApplicationCommandType.Message)
        .toJSON(),
    ]);
    stage.handle(async (interaction) => {
      if (!interaction.isMessageContextMenuCommand()) return;
      const place = interaction.inGuild() ? 'guild' : 'dm';
      await interaction.reply(`${place}: ${interaction.targetMessage.content}`);
    });
    const inDm = (await call('POST', '/_ctl/say', { user: 'cleo', dm: true, content: 'hello' }))
      .body;
    const answer = await stage.playground.command({
      user: 'cleo',
      name: 'Info',
      dm: true,
      target: String(inDm.id),
    });
    expect(answer.message?.content).toBe('dm: hello');
    const inGuild = stage.playground.say({ user: 'cleo', content: 'hi all' });
    const other = await stage.playground.command({ user: 'ben', name: 'Info', target: inGuild.id });
    expect(other.message?.content).toBe('guild: hi all');
    await registerPaint(stage);
  });

  test('makes users, guilds and channels, and changes them', async () => {
    expect((await call('POST', '/_ctl/user', { username: 'eve', permissions: '8' })).status).toBe(
      200,
    );
    expect((await call('POST', '/_ctl/guild', { name: 'Other', owner: 'eve' })).status).toBe(200);
    const channel = await call('POST', '/_ctl/channel', { name: 'art', guild: 'Other' });
    expect(channel.body.id).toMatch(/^\d{17,19}$/);
    await call('PATCH', '/_ctl/user', { user: 'eve', acceptsDms: false });
    const eve = stage.playground.user('eve').id;
    await expect(stage.client.users.send(eve, 'x')).rejects.toMatchObject({ code: 50007 });
    await call('PATCH', '/_ctl/channel', { channel: 'art', botPermissions: '1024' });
    const target = await stage.client.channels.fetch(String(channel.body.id));
    if (!target?.isSendable()) throw new Error('not sendable');
    await expect(target.send('x')).rejects.toMatchObject({ code: 50013 });
    await call('PATCH', '/_ctl/channel', { channel: 'art', botPermissions: '0' });
    await expect(target.send('x')).rejects.toMatchObject({ code: 50001 });
  });

  test('injects faults and shows the log without tokens', async () => {
    await call('POST', '/_ctl/fault', { kind: '500', route: 'GET /users/:id', times: 9 });
    const ada = stage.playground.user('ada').id;
    await expect(stage.client.users.fetch(ada, { force: true })).rejects.toMatchObject({
      status: 500,
    });
    await call('DELETE', '/_ctl/fault');
    await stage.client.users.fetch(ada, { force: true });
    const log = await call('GET', '/_ctl/log?kind=rest');
    expect(JSON.stringify(log.body)).toContain(`/users/${ada}`);
    const everything = JSON.stringify((await call('GET', '/_ctl/log')).body);
    expect(everything).not.toContain(stage.playground.application.token);
    expect(await call('GET', '/_ctl')).toMatchObject({ body: { connected: 1 } });
  });
});
