/** @file Sharing a subject: others draw it while they may, its owner sees it, and taking it back stops what waits. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findRenditionByInteraction } from '#db/queries/renditions.ts';
import type { ActionOutcome } from '#playground/delivery.ts';
import { type BotStage, STAGE_TIMEOUT_MS, startBotStage } from './testing/bot-stage.ts';
import { finishRendition, trainSubjectAs } from './testing/played-worker.ts';

let stage: BotStage;
beforeAll(async () => {
  stage = await startBotStage();
  await trainSubjectAs(stage, 'ada', { name: 'Rex', classNoun: 'dog' });
}, STAGE_TIMEOUT_MS);
afterAll(async () => {
  expect(stage.playground.violations).toEqual([]);
  await stage.close();
});

type Options = Record<string, string>;
const subject = (subcommand: string, options: Options = {}, user = 'ada', how: object = {}) =>
  stage.playground.command({
    user,
    name: 'subject',
    subcommand,
    options: { subject: 'Rex', ...options },
    until: 'settled',
    ...how,
  });
const imagine = (user: string, how: object = {}, prompt = 'a [Rex] at sea') =>
  stage.playground.command({
    user,
    name: 'imagine',
    options: { prompt },
    until: 'settled',
    ...how,
  });
const sentence = ({ message, ephemeral }: ActionOutcome) => {
  expect(ephemeral).toBe(true);
  return message?.content ?? '';
};
const idOf = (name: string) => stage.playground.user(name).id;
const suggestionsFor = async (user: string) =>
  (
    await stage.playground.autocomplete({
      user,
      name: 'imagine',
      focused: 'subject',
      value: 're',
      timeoutMs: 20_000,
    })
  ).choices?.map(({ name }) => name);

const taken = /^I am drawing 1 picture of \*\*Rex\*\*\./;
const unknown = /^Nothing is called `\[Rex\]` here\./;

describe('a subject', () => {
  test('is private until its owner shares it', async () => {
    expect(sentence(await imagine('ben'))).toMatch(unknown);
    expect(await suggestionsFor('ben')).toEqual([]);
    expect(sentence(await subject('info'))).toContain('Private: only you can use it');
  });

  test('shared with one person is for that person, anywhere, and nobody else', async () => {
    const shared = await subject('share', { user: idOf('ben') });
    expect(sentence(shared)).toContain(`**Rex** is shared with <@${idOf('ben')}>.`);
    expect(await suggestionsFor('ben')).toEqual(['Rex (dog, shared with you)']);
    expect(sentence(await imagine('ben'))).toMatch(taken);
    expect(sentence(await imagine('ben', { dm: true }))).toMatch(taken);
    expect(sentence(await imagine('cleo'))).toMatch(unknown);
    await subject('revoke', { user: idOf('ben') });
    expect(sentence(await imagine('ben'))).toMatch(unknown);
  });

  test('shared with a role is for those who have it, and only in its server', async () => {
    const role = stage.playground.createRole({ name: 'painters', members: ['cleo'] });
    const shared = await subject('share', { role: role.id });
    expect(sentence(shared)).toContain(`the role <@&${role.id}>`);
    expect(await suggestionsFor('cleo')).toEqual(['Rex (dog, shared with your role)']);
    expect(sentence(await imagine('cleo'))).toMatch(taken);
    expect(sentence(await imagine('dora'))).toMatch(unknown);
    expect(sentence(await imagine('cleo', { dm: true }))).toMatch(unknown);
    await subject('revoke', { with: 'all' });
    expect(sentence(await imagine('cleo'))).toMatch(unknown);
  });

  test('shared with the server is for its members, and for no other server', async () => {
    stage.playground.createGuild({ name: 'Elsewhere', owner: 'dora', members: ['ben'] });
    await subject('share', { with: 'server' });
    expect(sentence(await imagine('dora'))).toMatch(taken);
    expect(sentence(await imagine('dora', { guild: 'Elsewhere' }))).toMatch(unknown);
    await subject('share', { with: 'everyone' });
    expect(sentence(await imagine('dora', { guild: 'Elsewhere' }))).toMatch(taken);
    await subject('revoke', { with: 'all' });
  });

  test('taken back while a prompt waits ends that prompt with a sentence in its channel', async () => {
    await subject('share', { with: 'server' });
    const asked = await imagine('ben', {}, 'a [Rex] that waits');
    const revoked = await subject('revoke', { with: 'server' });
    expect(sentence(revoked)).toMatch(
      /no longer shared with this server\. \d+ waiting prompts? ended/,
    );
    await stage.see(
      'Not drawn. Its owner no longer shares this subject with you. Ask them, or use one of your own',
    );
    const row = await findRenditionByInteraction(stage.database.db, asked.interactionId);
    expect(row?.status).toBe('failed');
  });

  test('tells its owner alone who used it, and how often', async () => {
    await subject('share', { with: 'server' });
    for (const user of ['eve', 'eve', 'fay']) {
      const asked = await imagine(user);
      const row = await findRenditionByInteraction(stage.database.db, asked.interactionId);
      if (row) await finishRendition(stage, row);
    }
    const info = sentence(await subject('info'));
    expect(info).toContain('Shared with this server');
    expect(info).toMatch(new RegExp(`• <@${idOf('eve')}>: 2 prompts, last <t:\\d+:R>`));
    expect(info).toMatch(new RegExp(`• <@${idOf('fay')}>: 1 prompt, last <t:\\d+:R>`));
    expect(sentence(await subject('info', {}, 'eve'))).toBe(
      'You have no such subject. `/subject list` shows yours.',
    );
  });

  test.each<[string, string, Options, object, RegExp]>([
    ['by somebody else', 'ben', { with: 'server' }, {}, /^You have no such subject\./],
    ['with nobody named', 'ada', {}, {}, /^Say with whom: choose `user`, `role` or `with`/],
    [
      'with a server in direct messages',
      'ada',
      { with: 'server' },
      { dm: true },
      /^There is no server here\./,
    ],
  ])('is not shared %s', async (_, user, options, how, refusal) => {
    expect(sentence(await subject('share', options, user, how))).toMatch(refusal);
  });

  test('is not shared with its owner or with a bot', async () => {
    expect(sentence(await subject('share', { user: idOf('ada') }))).toMatch(
      /^It is yours already\./,
    );
    const bot = stage.playground.application.botId;
    expect(sentence(await subject('share', { user: bot }))).toMatch(/^That is a bot/);
  });
});

describe('a subject with another name', () => {
  test('is drawn by it, also by those it is shared with; the old name is free', async () => {
    await subject('share', { user: idOf('ben') });
    expect(sentence(await subject('rename', { name: '  Rex  II ' }))).toBe(
      '**Rex** is called **Rex II** from now on: write `[Rex II]` in prompts. Posts keep the name that they were made with.',
    );
    expect(sentence(await imagine('ben'))).toMatch(unknown);
    expect(sentence(await imagine('ben', {}, 'a [rex ii] at sea'))).toMatch(
      /^I am drawing 1 picture of \*\*Rex II\*\*\./,
    );
    await subject('rename', { subject: 'Rex II', name: 'Rex' });
  });

  test.each([
    ['the name of another', 'mia', /^You already have a subject called \*\*mia\*\*\. Choose/],
    ['brackets', '[Rex]', /^A name has 1 to 32 characters/],
    ['the name that stands for any', 'v', /^A name has 1 to 32 characters/],
  ])('is not given %s', async (_, name, refusal) => {
    if (name === 'mia')
      await trainSubjectAs(stage, 'ada', { name: 'Mia', classNoun: 'cat' }, 'aqz');
    expect(sentence(await subject('rename', { name }))).toMatch(refusal);
    expect(sentence(await subject('info'))).toContain('**Rex** (dog)');
  });

  test('is given by nobody else', async () => {
    expect(sentence(await subject('rename', { name: 'Mine' }, 'ben'))).toMatch(
      /^You have no such subject\./,
    );
  });
});

test('/subject default says what [V] stands for', async () => {
  expect(sentence(await subject('default', { subject: 'Mia' }))).toBe(
    '`[V]` stands for **Mia** in your prompts from now on. `/defaults reset` takes it back.',
  );
  expect(sentence(await imagine('ada', {}, 'a [V] at sea'))).toMatch(
    /^I am drawing 1 picture of \*\*Mia\*\*\./,
  );
});
