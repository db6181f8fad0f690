/** @file `/help` over the playground: how to begin, names that can be clicked, topics. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { changeGuildList } from '#db/queries/guilds.ts';
import { readText } from '#playground/message-parts.ts';
import { commands, messageCommands } from './commands/index.ts';
import { type BotStage, STAGE_TIMEOUT_MS, startBotStage } from './testing/bot-stage.ts';
import { listLimitViolations } from './views/discord-limits.ts';
import { helpPage, helpTopicPage, type ListedCommand, topicChoices } from './views/help.ts';

let stage: BotStage;
beforeAll(async () => {
  stage = await startBotStage();
}, STAGE_TIMEOUT_MS);
afterAll(async () => {
  expect(stage.playground.violations).toEqual([]);
  await stage.close();
});

const ask = (options: Record<string, string> = {}) =>
  stage.playground.command({ user: 'ben', name: 'help', options, until: 'settled' });
const idOf = (name: string) =>
  stage.playground.world.commands.get('global')?.find((command) => command.name === name)?.id;

test('/help says how to begin and names every command, to be clicked, for the asker alone', async () => {
  const asked = await ask();
  const text = asked.message ? readText(asked.message) : '';
  expect(asked.ephemeral).toBe(true);
  expect(text).toContain(`1. </train:${idOf('train')}> with 3 to 10 photos of one thing.`);
  for (const { definition } of commands) {
    expect(text).toContain(`:${idOf(definition.name)}>`);
    expect(text).toContain(`: ${definition.description}`);
  }
  for (const { definition } of messageCommands) expect(text).toContain(`*${definition.name}*`);
  expect(text).toContain(`</defaults show:${idOf('defaults')}> and 2 others: `);
});

test('its menu shows a topic in its place, also after a restart', async () => {
  const asked = await ask();
  await stage.restart();
  const shown = await stage.playground.click({
    ...{ user: 'ben', message: asked.message?.id ?? '', customId: 'help', values: ['sharing'] },
    until: 'settled',
  });
  const text = shown.message ? readText(shown.message) : '';
  expect(shown.message?.id).toBe(asked.message?.id);
  expect(text).toContain(`</subject share:${idOf('subject')}>: with a person, a role`);
  expect(text).not.toContain('How to begin');
});

test('an option goes straight to a topic', async () => {
  const { message } = await ask({ topic: 'privacy' });
  expect(message && readText(message)).toMatch(/^\*\*Privacy\*\*/);
});

test('names are told as text where Discord does not tell the ids', async () => {
  await stage.restart();
  const route = 'GET /applications/:id/commands';
  stage.playground.fault({ kind: '500', route, times: 10 });
  const { message } = await ask();
  stage.playground.clearFaults();
  expect(message && readText(message)).toContain('1. `/train` with 3 to 10 photos');
});

test('it works where the admins have not opened the bot', async () => {
  const other = stage.playground.createChannel({ name: 'art' });
  const change = { reset: false, add: other.id, remove: undefined };
  await changeGuildList(
    stage.database.db,
    stage.playground.guild.id,
    'allowedChannelIds',
    change,
    9,
  );
  const { message } = await ask();
  expect(message && readText(message)).toContain('How to begin');
});

test('every page fits', () => {
  const listed: ListedCommand[] = commands.map(({ definition: { name, description } }) => ({
    ...{ name, description, subcommands: ['longest-subcommand'.padEnd(32, 'x'), 'b'] },
    id: '9'.repeat(20),
  }));
  const pages = [
    helpPage(listed),
    helpPage([]),
    ...topicChoices.map(({ value }) => helpTopicPage(value, listed)),
  ];
  for (const page of pages) expect(listLimitViolations(page)).toEqual([]);
});
