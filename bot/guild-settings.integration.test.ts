/** @file What a server's admins set with `/config`, and that every command and component keeps to it. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { changeGuildSettings, getGuildSettings } from '#db/queries/guilds.ts';
import type { ActionOutcome } from '#playground/delivery.ts';
import type { Command } from './commands/command.ts';
import { commands } from './commands/index.ts';
import { type ButtonAction, buildCustomId, buttonActions } from './custom-ids.ts';
import { type BotStage, STAGE_TIMEOUT_MS, startBotStage } from './testing/bot-stage.ts';
import { requestTrainingAs, unknownId } from './testing/played-worker.ts';

let stage: BotStage;
beforeAll(async () => {
  stage = await startBotStage();
  stage.playground.createChannel({ name: 'studio' });
  await requestTrainingAs(stage, 'ben', { name: 'Rex' });
}, STAGE_TIMEOUT_MS);
afterAll(async () => {
  expect(stage.playground.violations).toEqual([]);
  await stage.close();
});
beforeEach(async () => {
  await changeGuildSettings(stage.database.db, stage.playground.guild.id, {
    allowedChannelIds: [],
    allowedRoleIds: [],
  });
});

type Options = Record<string, string | number | boolean>;
const configure = (subcommand: string, options: Options = {}, how: object = {}) =>
  stage.playground.command({
    user: 'ada',
    name: 'config',
    subcommand,
    options,
    until: 'settled',
    ...how,
  });
const channelId = (name: string) =>
  [...stage.playground.world.channels.values()].find((channel) => channel.name === name)?.id ?? '';
const sentence = ({ message, ephemeral }: ActionOutcome) => {
  expect(ephemeral).toBe(true);
  return message?.content ?? '';
};
const settings = () => getGuildSettings(stage.database.db, stage.playground.guild.id);

describe('/config', () => {
  test('shows what holds where nothing was set', async () => {
    expect(
      sentence(await configure('show'))
        .split('\n')
        .slice(1),
    ).toEqual([
      'Gallery: `/gallery browse` only',
      'Hall of fame: from 5 votes on',
      'Reports: not taken',
      'Channels: all',
      'Roles: everybody',
      'Language of my public posts: English',
    ]);
  });

  test('sets one thing at a time and keeps the rest', async () => {
    const forum = stage.playground.createChannel({ name: 'forum', type: 15 });
    const moderators = stage.playground.createChannel({ name: 'moderators' });
    await configure('gallery', { channel: forum.id });
    await configure('moderators', { channel: moderators.id });
    await configure('hall-of-fame', { votes: 3 });
    const shown = sentence(await configure('language', { language: 'de' }));
    expect(shown).toContain(`Gallery: <#${forum.id}>`);
    expect(shown).toContain('Hall of fame: from 3 votes on');
    expect(shown).toContain(`Reports: <#${moderators.id}>`);
    expect(shown).toContain('Language of my public posts: Deutsch');
    expect(await settings()).toMatchObject({ galleryChannelId: forum.id, locale: 'de' });
    await configure('gallery');
    expect(await settings()).toMatchObject({ galleryChannelId: null, hallOfFameThreshold: 3 });
  });

  test('is for people who manage the server, however it reached somebody else', async () => {
    const refused = await configure('hall-of-fame', { votes: 1 }, { user: 'ben', forge: true });
    expect(sentence(refused)).toMatch(/^Only people who may manage this server can change this\./);
    expect((await settings()).hallOfFameThreshold).toBe(3);
  });

  test('takes no channel in which the bot cannot post', async () => {
    const mute = stage.playground.createChannel({ name: 'mute' });
    stage.playground.changeChannel('mute', { botPermissions: 1n << 10n });
    await stage.playground.world.waitFor(
      () =>
        stage.playground
          .log()
          .some((entry) => 'event' in entry && entry.event === 'CHANNEL_UPDATE') || undefined,
      5_000,
    );
    const refused = await configure('gallery', { channel: mute.id });
    expect(sentence(refused)).toBe(
      `I cannot post in <#${mute.id}>. Give me **Send Messages** and **Attach Files** there, then try again.`,
    );
  });

  test('takes no channel that cannot be a gallery', async () => {
    const stageChannel = stage.playground.createChannel({ name: 'stage', type: 13 });
    const refused = await configure('gallery', { channel: stageChannel.id });
    expect(sentence(refused)).toMatch(/^A gallery lives in a forum, media or text channel\./);
  });

  test('keeps a list of at most 25', async () => {
    const full = Array.from({ length: 25 }, (_, index) => String(index));
    const where = stage.playground.guild.id;
    await changeGuildSettings(stage.database.db, where, { allowedChannelIds: full });
    const refused = await configure('channels', { allow: channelId('studio') });
    expect(sentence(refused)).toMatch(/^The list takes at most 25\./);
    const swapped = { allow: channelId('studio'), reset: true };
    expect(sentence(await configure('channels', swapped))).toContain(
      `Channels: <#${channelId('studio')}>`,
    );
  });
});

describe('where the admins opened one channel', () => {
  beforeEach(async () => {
    await configure('channels', { allow: channelId('studio') });
  });
  const closed = /^The admins of this server have not opened this channel to me\. Use <#\d+>\.$/;

  test('commands work there', async () => {
    const listed = await stage.playground.command({
      user: 'ben',
      channel: 'studio',
      name: 'subject',
      subcommand: 'list',
      until: 'settled',
    });
    expect(sentence(listed)).toContain('**Rex**');
  });

  test.each(
    (commands as readonly Command[])
      .filter(({ isAlwaysAllowed }) => isAlwaysAllowed !== true)
      .map(({ definition }) => [definition.name, definition] as const),
  )('/%s says so elsewhere', async (name, definition) => {
    const first = definition.options?.[0];
    const refused = await stage.playground.command({
      user: 'ben',
      name,
      ...(first?.type === 1 ? { subcommand: first.name } : {}),
      forge: true,
      until: 'settled',
    });
    expect(sentence(refused)).toMatch(closed);
  });

  /** One's own rights, and what is the moderators', must not depend on where. */
  const alwaysAllowed: readonly ButtonAction[] = [
    'unpublish',
    'allow',
    'refuse',
    'report',
    'approve',
    'deny',
  ];
  const closedButtons = buttonActions.filter((action) => !alwaysAllowed.includes(action));
  test.each(closedButtons)('the button %s says so elsewhere', async (action) => {
    const message = await stage.see('**Rex**');
    const refused = await stage.playground.click({
      user: 'ben',
      message: message.id,
      customId: buildCustomId(action, unknownId()),
      forge: true,
      until: 'settled',
    });
    expect(sentence(refused)).toMatch(closed);
  });

  test('forms and suggestions do not work elsewhere', async () => {
    const form = await stage.playground.modal({
      user: 'ben',
      customId: 'train',
      forge: true,
      until: 'settled',
    });
    expect(sentence(form)).toMatch(closed);
    const typed = await stage.playground.autocomplete({
      user: 'ben',
      name: 'subject',
      subcommand: 'delete',
      focused: 'subject',
      value: 'r',
      timeoutMs: 20_000,
    });
    expect(typed.choices).toEqual([]);
  });

  test('/config and direct messages still do', async () => {
    expect(sentence(await configure('show'))).toContain('Channels: <#');
    const inDm = await stage.playground.command({
      user: 'ben',
      dm: true,
      name: 'subject',
      subcommand: 'list',
      until: 'settled',
    });
    expect(inDm.message?.content).toContain('**Rex**');
    expect(sentence(await configure('channels', { forbid: channelId('studio') }))).toContain(
      'Channels: all',
    );
  });
});

test('where the admins chose a role, others are told', async () => {
  const role = stage.playground.createRole({ name: 'artists', members: ['cleo'] });
  await configure('roles', { allow: role.id });
  const list = (user: string) =>
    stage.playground.command({ user, name: 'subject', subcommand: 'list', until: 'settled' });
  expect(sentence(await list('ben'))).toBe(
    `In this server I am for people with <@&${role.id}>. Ask its admins.`,
  );
  expect(sentence(await list('cleo'))).toMatch(/^You have not taught me anything yet\./);
});
