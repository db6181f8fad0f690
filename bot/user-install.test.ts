/** @file Where commands are offered, and what those who installed the bot for themselves alone can do. */
import type { APIMessage } from 'discord.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findDelivery } from '#db/queries/outbox-deliveries.ts';
import { findRenditionByInteraction } from '#db/queries/renditions.ts';
import type { Rendition } from '#db/schema/renditions.ts';
import type { ActionOutcome } from '#playground/delivery.ts';
import { findCustomId, listFiles, readText } from '#playground/message-parts.ts';
import { commands, messageCommands } from './commands/index.ts';
import {
  type BotStage,
  makePhotos,
  STAGE_TIMEOUT_MS,
  startBotStage,
  until,
} from './testing/bot-stage.ts';
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
  ])('is told how /%s can reach them, until they allow it', async (name, options) => {
    const asked = await visit(name, { options });
    expect(asked.modal).toBeNull();
    expect(asked.message?.content).toMatch(
      /^I am not in this server, .* `\/jobs dm allow:True`, .* direct messages/,
    );
    expect(
      await findRenditionByInteraction(stage.database.db, asked.interactionId),
    ).toBeUndefined();
  });

  describe('and allows direct messages', () => {
    beforeAll(() => visit('jobs', { subcommand: 'dm', options: { allow: true } }));

    test('draws in any server; the pictures come directly, in the language spoken there', async () => {
      stage.playground.changeUser('ada', { locale: 'de' });
      const asked = await visit('imagine', { options: { prompt: 'a [V] on a visit' } });
      stage.playground.changeUser('ada', { locale: 'en-US' });
      expect(asked.message?.content).toBe(
        'Ich zeichne **Rex** (1 Bild). Du siehst das Ergebnis bald in unseren Direktnachrichten.',
      );
      const card = await finishedCard(asked);
      expect(readText(card)).toMatch(/^\*\*Rex\*\* für <@\d+>\n> a \[V\] on a visit\n/);
      expect(findCustomId(card, 'publish:')).toBeUndefined();
      const again = await stage.playground.click({
        ...{ user: 'ada', dm: true, install: 'user', until: 'settled' },
        message: card.id,
        customId: findCustomId(card, 'again:') ?? '',
      });
      expect(again.message?.content).toMatch(/They will appear in our direct messages\.$/);
    });

    test('teaches in any server; the card is in direct messages', async () => {
      const photos = await makePhotos(3);
      const asked = await visit('train', {
        options: { class: 'dog', name: 'Visitor', consent: true },
        files: Object.fromEntries(photos.map((photo, i) => [`photo${i + 1}`, photo])),
      });
      const question = asked.message!;
      const started = await stage.playground.click({
        ...{ user: 'ada', guild: 'elsewhere', install: 'user', until: 'settled' },
        message: question.id,
        customId: findCustomId(question, 'train-start:') ?? '',
      });
      expect(readText(started.message!)).toBe(
        'I am learning **Visitor** (dog). The message in our direct messages shows how far I am.',
      );
      await stage.playground.waitForMessage(
        (message) => readText(message).includes('**Visitor** (dog) for'),
        { dmOf: 'ada', timeoutMs: 20_000 },
      );
    });

    test('finds in /jobs there what cannot be written to them', async () => {
      stage.playground.changeUser('ada', { acceptsDms: false });
      const asked = await visit('imagine', { options: { prompt: 'a [V] unseen' } });
      const { id } = await finish(asked);
      await until(
        async () => (await findDelivery(stage.database.db, 'rendition', id))?.status === 'failed',
        'given up',
      );
      stage.playground.changeUser('ada', { acceptsDms: true });
      const shown = await visit('jobs', { subcommand: 'show', options: { job: id } });
      expect(shown.ephemeral).toBe(true);
      expect(listFiles(shown.message!)).toHaveLength(1);
    });

    test('shares with people, not with a server or a role that I know nothing of', async () => {
      const share = (options: object) =>
        visit('subject', { subcommand: 'share', options: { subject: 'Rex', ...options } });
      expect((await share({ with: 'server' })).message?.content).toMatch(
        /^There is no server here/,
      );
      const shared = await share({ user: stage.playground.user('ben').id });
      expect(shared.message?.content).toMatch(/^\*\*Rex\*\* is shared with/);
    });
  });

  test('draws in direct messages', async () => {
    const asked = await stage.playground.command({
      ...{ user: 'ada', dm: true, install: 'user', name: 'imagine', until: 'settled' },
      options: { prompt: 'a [V] in snow' },
    });
    expect(asked.message?.content).toMatch(/They will appear in our direct messages\.$/);
    await finishedCard(asked);
  });

  /** Ends a rendition that was asked for. */
  async function finish(asked: ActionOutcome): Promise<Rendition> {
    const row = await findRenditionByInteraction(stage.database.db, asked.interactionId);
    if (!row) throw new Error(`no row; the answer was: ${asked.message?.content}`);
    await finishRendition(stage, row);
    return row;
  }

  /** Ends it; its pictures come by direct message and nowhere else. */
  async function finishedCard(asked: ActionOutcome): Promise<APIMessage> {
    const { id } = await finish(asked);
    const { playground } = stage;
    const fits = (message: APIMessage) => findCustomId(message, `info:${id}`) !== undefined;
    const card = await playground.waitForMessage(fits, { dmOf: 'ada', timeoutMs: 20_000 });
    const everywhere = [...playground.world.channels.values()].flatMap((channel) =>
      playground.messages({ channel: channel.id }).filter(fits),
    );
    expect(everywhere.map(({ channel_id }) => channel_id)).toEqual([card.channel_id]);
    return card;
  }
});
