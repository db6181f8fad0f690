/** @file `/subject download`: the owner gets the weights, nobody else does. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type BotStage,
  makePicture,
  STAGE_TIMEOUT_MS,
  startBotStage,
} from './testing/bot-stage.ts';
import { requestTrainingAs, trainSubjectAs } from './testing/played-worker.ts';

let stage: BotStage;
beforeAll(async () => {
  stage = await startBotStage();
  await trainSubjectAs(stage, 'ada', { name: 'Rex the 2nd' });
}, STAGE_TIMEOUT_MS);
afterAll(() => stage.close());

const download = (user: string, subject: string, attachmentSizeLimit?: number) =>
  stage.playground.command({
    user,
    name: 'subject',
    subcommand: 'download',
    options: { subject },
    until: 'settled',
    ...(attachmentSizeLimit !== undefined && { attachmentSizeLimit }),
  });

test('the owner gets the file as it was stored, with the words to use it, and only they see it', async () => {
  const { message, ephemeral } = await download('ada', 'Rex the 2nd');
  expect(ephemeral).toBe(true);
  expect(message?.content).toContain('`a zwx dog`');
  expect(message?.content).toContain('`base-1`');
  const [attachment, ...others] = message?.attachments ?? [];
  expect(others).toEqual([]);
  expect(attachment?.filename).toBe('rex-the-2nd.safetensors');
  const bytes = Buffer.from(await (await fetch(attachment?.url ?? '')).arrayBuffer());
  // What the played worker stored as the weights.
  expect(bytes.equals(await makePicture(99))).toBe(true);
});

test('nobody else gets it', async () => {
  const { message } = await download('ben', 'Rex the 2nd');
  expect(message?.content).toMatch(/^You have no such subject\./);
  expect(message?.attachments).toEqual([]);
});

test('a file that is larger than Discord takes is refused with both sizes', async () => {
  const { message } = await download('ada', 'Rex the 2nd', 64);
  expect(message?.content).toMatch(
    /^What I learned of \*\*Rex the 2nd\*\* is 1 MB, and Discord takes/,
  );
  expect(message?.attachments).toEqual([]);
});

test('a subject that is still being learned has nothing to download', async () => {
  await requestTrainingAs(stage, 'ada', { name: 'Pup' });
  const { message } = await download('ada', 'Pup');
  expect(message?.content).toMatch(/^\*\*Pup\*\* is still being learned\./);
});
