/** @file A bot that cannot go on says so, so that a supervisor starts it anew; passing troubles it sits out. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findRenditionByInteraction } from '#db/queries/renditions.ts';
import { type BotStage, STAGE_TIMEOUT_MS, startBotStage, until } from './testing/bot-stage.ts';
import { finishRendition, trainSubjectAs } from './testing/played-worker.ts';

describe('the bot', () => {
  let stage: BotStage;
  beforeAll(async () => {
    stage = await startBotStage({ timings: { gatewayDownMs: 3_000 } });
    await trainSubjectAs(stage, 'ada', { name: 'Rex' });
    await stage.see('Ready.');
  }, STAGE_TIMEOUT_MS);
  afterAll(() => stage.close());

  const nextReason = async () => until(() => stage.fatal.shift(), 'a reason to start anew');
  const reconnected = () => until(() => stage.bot.isHealthy() || undefined, 'a healthy bot');

  test('sits out a dropped gateway connection, and answers afterwards', async () => {
    stage.playground.fault({ kind: 'drop-gateway' });
    await until(() => stage.logs.some(({ msg }) => msg === 'gateway reconnecting'), 'the drop');
    await reconnected();
    const listed = await stage.playground.command({
      user: 'ada',
      name: 'subject',
      subcommand: 'list',
      until: 'settled',
    });
    expect(listed.message?.content).toContain('**Rex** (dog, 3 photos): ready');
    expect(stage.fatal).toEqual([]);
  });

  test('asks to be started anew when Discord no longer takes its token, and then delivers', async () => {
    const asked = await stage.playground.command({
      user: 'ada',
      name: 'imagine',
      options: { prompt: 'a [V]', seed: 77 },
      until: 'settled',
    });
    const rendition = await until(() =>
      findRenditionByInteraction(stage.database.db, asked.interactionId),
    );
    stage.playground.fault({ kind: '401', route: 'POST /channels/*/messages' });
    await finishRendition(stage, rendition);
    expect(await nextReason()).toBe('http-401');
    expect(stage.bot.isHealthy()).toBe(false);
    await stage.restart();
    await stage.see('Seed 77');
  });

  test('asks to be started anew when Discord ends the gateway session for good', async () => {
    stage.playground.fault({ kind: 'close-gateway', code: 4014 });
    expect(await nextReason()).toBe('gateway-closed-4014');
    await stage.restart();
    expect(stage.bot.isHealthy()).toBe(true);
  });

  test('asks to be started anew when a resume is never answered', async () => {
    stage.playground.fault({ kind: 'ignore-resume' });
    stage.playground.fault({ kind: 'drop-gateway' });
    expect(await nextReason()).toBe('gateway-down');
    stage.playground.clearFaults();
    await stage.restart();
    expect(stage.bot.isHealthy()).toBe(true);
  });
});
