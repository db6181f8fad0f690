/** @file `npm run demo` in short, on a tiny checkpoint: everything it promises to leave behind is there. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, describe, expect, it } from 'vitest';
import { writeTinyCheckpoint } from '#worker/testing/tiny-checkpoint.ts';
import type { TranscriptMessage } from './output.ts';
import { spawnScript } from './testing/spawned.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'demo-'));
const base = writeTinyCheckpoint(path.join(folder, 'base'), { seed: 1 });
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Four pictures of each: samples, two rounds of the plain prompt, the one prompt that was given. */
const POSTED = [4, 4, 4, 4];

/** Under a minute on two idle cores. */
const timeout = 600_000;

describe('the demo', { timeout }, () => {
  it('posts pictures and leaves transcript, sheet and figures, and nothing of an earlier run', async () => {
    const out = path.join(folder, 'out');
    mkdirSync(out);
    writeFileSync(path.join(out, '02-old.png'), 'of an earlier run');
    const earlier = { messages: [{ attachments: ['02-old.png'] }] };
    writeFileSync(path.join(out, 'transcript.json'), JSON.stringify(earlier));
    const demo = spawnScript('playground/demo.ts', {
      args: [
        ...['--base', base, '--steps', '4', '--seed', '3', '--class', 'dog', '--out', 'out'],
        ...['--prompt', 'a [V] dog on the beach'],
      ],
      cwd: folder,
      env: { TMPDIR: folder },
    });
    const status = await demo.ended;
    const lines = demo.logs.map(({ msg }) => String(msg));
    expect(lines.slice(-4)).toEqual([
      expect.stringMatching(/^Plain renditions nearer .* of 8 \(\d+ %, target 80 %\)$/),
      expect.stringMatching(/^Variety of the class kept: \d\.\d\d \(target 0\.8\)$/),
      expect.stringMatching(/^Time: \d+:\d\d min in all/),
      `Pictures, transcript and sheet.png: ${out}`,
    ]);
    expect(status).toBe(0);

    const { messages } = JSON.parse(readFileSync(path.join(out, 'transcript.json'), 'utf8')) as {
      messages: TranscriptMessage[];
    };
    // What each said, in order. Who speaks between whom depends on how busy the machine is.
    const said = (from: string, isPicture: boolean) =>
      messages
        .filter(
          ({ author, attachments }) => author === from && attachments.length > 0 === isPicture,
        )
        .map(({ content }) => content);
    expect([...said('ada', true), ...said('ada', false)]).toEqual([
      '/train class: dog name: Miso',
      '/imagine prompt: a [V] dog seed: 3 count: 4',
      '/imagine prompt: a [V] dog seed: 7 count: 4',
      '/imagine prompt: a [V] dog on the beach seed: 3 count: 4',
    ]);
    expect(said('Rendition', true).map((content) => content.split('\n').at(-1))).toEqual([
      // The judges' word on the last of the weights to choose from.
      expect.stringMatching(/^likeness -?\d\.\d\d, prompts \d+ %$/),
      ...[3, 7, 3].map((seed) => `Seed ${seed} · 64 × 64`),
    ]);
    const answers = said('Rendition', false).map((content) => content.slice(0, 12));
    expect(answers.sort()).toEqual([...Array(3).fill('I am drawing'), 'I am learnin']);
    for (const { channel, time } of messages) {
      expect(channel).toBe('general');
      expect(new Date(time).toISOString()).toBe(time);
    }
    const posted = messages.filter(
      ({ author, attachments }) => author === 'Rendition' && attachments.length > 0,
    );
    expect(posted.map(({ attachments }) => attachments.length)).toEqual(POSTED);
    const [ended, ...drawn] = posted.map(({ attachments }) => attachments);
    const sizeOf = async (name: string) => {
      const { format, width, height } = await sharp(path.join(out, name)).metadata();
      return { format, width, height };
    };
    // Of each step that was kept: four samples side by side, 4 pixels between them.
    for (const name of ended ?? []) {
      expect(await sizeOf(name)).toEqual({ format: 'png', width: 4 * 64 + 3 * 4, height: 64 });
    }
    for (const name of drawn.flat()) {
      expect(await sizeOf(name)).toEqual({ format: 'png', width: 64, height: 64 });
    }
    const sheet = await sharp(path.join(out, 'sheet.png')).metadata();
    // Eight pictures a row of 128 pixels; five rows with labels.
    expect(sheet).toMatchObject({ format: 'png', width: 1098, height: 876 });
    expect(JSON.parse(readFileSync(path.join(out, 'figures.json'), 'utf8'))).toMatchObject({
      classNoun: 'dog',
      nearerInColour: { target: 0.8, renditions: 8, distances: Array(8).fill(expect.any(Number)) },
      classDiversity: { kept: expect.any(Number), target: 0.8 },
      seconds: { total: expect.any(Number) },
    });

    const listed = messages.flatMap(({ attachments }) => attachments);
    const expected = [...listed, 'demo.log', 'figures.json', 'sheet.png', 'transcript.json'];
    expect(readdirSync(out).sort()).toEqual(expected.sort());
    // Decrypted pictures and the key do not stay.
    expect(
      readdirSync(folder)
        .filter((name) => !name.startsWith('tsx-'))
        .sort(),
    ).toEqual(['base', 'out']);
  });

  it.each([
    { words: ['--steps', 'many'], says: '--steps many: expected a whole number from 1 to 100000' },
    {
      words: ['--class', 'dag'],
      says: '--class dag: the base does not know it; nearest: dog, cat',
    },
    { words: ['--photos', '.'], says: '--photos needs --class: what is on the photos?' },
    { words: ['--prompt', 'a dog'], says: '--prompt "a dog": write [V] where the subject goes' },
  ])('refuses $words with a sentence', async ({ words, says }) => {
    const demo = spawnScript('playground/demo.ts', {
      args: ['--base', base, ...words],
      cwd: folder,
    });
    expect(await demo.ended).toBe(2);
    expect(demo.lastWords().split('\n')[0]).toBe(says);
  });

  it('says in a sentence what the bot says of photos that are none', async () => {
    const photos = path.join(folder, 'photos');
    mkdirSync(photos);
    for (const name of ['a.png', 'b.png', 'c.png']) {
      writeFileSync(path.join(photos, name), 'not a picture');
    }
    const demo = spawnScript('playground/demo.ts', {
      args: ['--base', base, '--photos', 'photos', '--class', 'dog', '--out', 'refused'],
      cwd: folder,
      env: { TMPDIR: folder },
    });
    expect(await demo.ended).toBe(1);
    expect(demo.lastWords()).toContain('The bot did not take /train: ');
    rmSync(photos, { recursive: true });
  });
});
