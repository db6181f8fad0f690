/** @file Languages: who asks is answered in their own, and everybody in a server reads the server's. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findRenditionByInteraction } from '#db/queries/renditions.ts';
import { readText } from '#playground/message-parts.ts';
import { type BotStage, STAGE_TIMEOUT_MS, startBotStage } from './testing/bot-stage.ts';
import { finishRendition, trainSubjectAs } from './testing/played-worker.ts';

let stage: BotStage;
beforeAll(async () => {
  stage = await startBotStage();
  await trainSubjectAs(stage, 'ada', { name: 'Rex', classNoun: 'dog' });
  await trainSubjectAs(stage, 'ben', { name: 'Mia', classNoun: 'cat' });
  stage.playground.changeUser('ben', { locale: 'de' });
}, STAGE_TIMEOUT_MS);
afterAll(async () => {
  expect(stage.playground.violations).toEqual([]);
  await stage.close();
});

const command = (user: string, name: string, more: object = {}) =>
  stage.playground.command({ user, name, until: 'settled', ...more });
const listOf = async (user: string) =>
  (await command(user, 'subject', { subcommand: 'list' })).message?.content;
const speakPublicly = (language: string) =>
  command('ada', 'config', { subcommand: 'language', options: { language } });

/** Draws, and gives the text of the card that everybody sees. */
async function drawAs(
  user: string,
  prompt: string,
  how: object = {},
): Promise<{ answer: string; card: string }> {
  const asked = await command(user, 'imagine', { options: { prompt }, ...how });
  const row = await findRenditionByInteraction(stage.database.db, asked.interactionId);
  if (!row) throw new Error('no row');
  await finishRendition(stage, row);
  const words = prompt.replace(/^a \[\w+\] /, '');
  const card = await stage.playground.waitForMessage(
    (message) => readText(message).includes(words),
    { timeoutMs: 60_000, ...('dm' in how && { dmOf: user }) },
  );
  return { answer: asked.message?.content ?? '', card: readText(card) };
}

test('a list speaks the language of who asks', async () => {
  expect(await listOf('ada')).toBe('• **Rex** (dog, 3 photos): ready');
  expect(await listOf('ben')).toBe('• **Mia** (cat, 3 Fotos): bereit');
  expect(await listOf('cleo')).toBe(
    'You have not taught me anything yet. Start with `/train` and a few photos.',
  );
});

test('a refusal speaks the language of who asks', async () => {
  const refusalOf = async (user: string) =>
    (await command(user, 'imagine', { options: { prompt: 'a [Nobody] at sea' } })).message?.content;
  expect(await refusalOf('ben')).toMatch(
    /^Hier heißt nichts `\[Nobody\]`\. `\/subject list` zeigt/,
  );
  expect(await refusalOf('ada')).toMatch(/^Nothing is called `\[Nobody\]` here\./);
});

test('pictures speak the language of the server, the answer that of who asks', async () => {
  const english = await drawAs('ben', 'a [Mia] under the sea');
  expect(english.answer).toBe(
    'Ich zeichne **Mia** (1 Bild). Du siehst das Ergebnis bald in diesem Kanal.',
  );
  expect(english.card).toContain(`**Mia** for <@${stage.playground.user('ben').id}>`);

  await speakPublicly('de');
  const german = await drawAs('ada', 'a [Rex] above the clouds');
  expect(german.answer).toMatch(/^I am drawing 1 picture of \*\*Rex\*\*\./);
  expect(german.card).toContain(`**Rex** für <@${stage.playground.user('ada').id}>`);
  await speakPublicly('en-US');
});

test('direct messages speak the language of their user', async () => {
  const { card } = await drawAs('ben', 'a [Mia] in a private forest', { dm: true });
  expect(card).toContain(`**Mia** für <@${stage.playground.user('ben').id}>`);
});
