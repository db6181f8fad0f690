/** @file Where commands are offered, and what those who installed the bot for themselves alone can do. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findRenditionByInteraction } from '#db/queries/renditions.ts';
import { commands, messageCommands } from './commands/index.ts';
import { type BotStage, STAGE_TIMEOUT_MS, startBotStage } from './testing/bot-stage.ts';
import { finishRendition, trainSubjectAs } from './testing/played-worker.ts';

const GUILD = 0;
const USER = 1;
const BOT_DM = 1;
const MANAGE_GUILD = String(1n << 5n);

const definitions = [...commands, ...messageCommands].map(({ definition }) => definition);
const ofServers = ['gallery', 'config', 'Report'];

test.each(definitions.map((definition) => [definition.name, definition] as const))(
  '%s is offered where it can be used',
  (name, { contexts, integration_types: installs, default_member_permissions: needed }) => {
    const isOfServers = ofServers.includes(name);
    expect(contexts).toEqual(isOfServers ? [GUILD] : [GUILD, BOT_DM]);
    expect(installs).toEqual(isOfServers ? [GUILD] : [GUILD, USER]);
    expect(needed ?? null).toBe(name === 'config' ? MANAGE_GUILD : null);
  },
);

describe('who installed the bot for themselves', () => {
  let stage: BotStage;
  beforeAll(async () => {
    stage = await startBotStage();
    const { playground } = stage;
    playground.createGuild({ name: 'elsewhere', owner: 'ben', members: ['ada'] });
    playground.removeBot('elsewhere');
    await trainSubjectAs(stage, 'ada', { name: 'Rex' });
  }, STAGE_TIMEOUT_MS);
  afterAll(async () => {
    expect(stage.playground.violations).toEqual([]);
    await stage.close();
  });

  const visit = (name: string, more: object = {}) =>
    stage.playground.command({
      ...{ user: 'ada', guild: 'elsewhere', name, install: 'user', until: 'settled' },
      ...more,
    });

  test('sees in any server what is theirs', async () => {
    const asked = await visit('subject', { subcommand: 'list' });
    expect(asked.ephemeral).toBe(true);
    expect(asked.message?.content).toContain('**Rex**');
  });

  test.each([
    ['imagine', { prompt: 'a [V] in snow' }],
    ['train', {}],
  ])('is told that /%s cannot post where the bot is not', async (name, options) => {
    const asked = await visit(name, { options });
    expect(asked.modal).toBeNull();
    expect(asked.message?.content).toMatch(/^I am not in this server, .* direct messages/);
    expect(
      await findRenditionByInteraction(stage.database.db, asked.interactionId),
    ).toBeUndefined();
  });

  test('draws in direct messages', async () => {
    const { playground } = stage;
    const asked = await playground.command({
      ...{ user: 'ada', dm: true, install: 'user', name: 'imagine', until: 'settled' },
      options: { prompt: 'a [V] in snow' },
    });
    const row = await findRenditionByInteraction(stage.database.db, asked.interactionId);
    if (!row) throw new Error(`no row; the answer was: ${asked.message?.content}`);
    await finishRendition(stage, row);
    const fits = ({ components }: { components?: unknown }) =>
      JSON.stringify(components).includes(`info:${row.id}`);
    await playground.waitForMessage(fits, { dmOf: 'ada', timeoutMs: 20_000 });
    expect(playground.messages().some(fits)).toBe(false);
  });
});
