import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fillPreset, listSuggestions, paperPresets, presetNames, readPresets } from './presets.ts';
import { fillPrompt, parsePrompt } from './prompts.ts';

const cat = { identifier: 'zwx', classNoun: 'cat' };

describe('a preset', () => {
  test.each([
    ['recontextualize', 'in the jungle', 'a zwx cat in the jungle'],
    ['paint', 'Rembrandt', 'a painting of a zwx cat in the style of Rembrandt'],
    ['sculpt', 'marble', 'a statue of a zwx cat made of marble'],
    ['view', 'the top', 'a zwx cat seen from the top'],
    ['wear', 'a $& hat', 'a zwx cat wearing a $& hat'],
    ['recolour', 'purple', 'a purple zwx cat'],
    ['cross', 'bear', 'a cross of a zwx cat and a bear'],
    ['expression', 'sad', 'a sad zwx cat'],
    ['comic', 'at school', 'a comic book panel of a zwx cat at school'],
  ] as const)('%s with %j is drawn as %j', (name, words, resolved) => {
    const prompt = fillPreset(paperPresets[name], words);
    expect(fillPrompt(parsePrompt(prompt), () => cat)).toBe(resolved);
  });

  test('suggests what was typed first', () => {
    expect(listSuggestions(paperPresets.wear, 'A re')).toEqual(['a red hat']);
    expect(listSuggestions(paperPresets.recolour, 'p')).toEqual(['purple', 'pink', 'cube shaped']);
    expect(listSuggestions(paperPresets.view, '')).toEqual(paperPresets.view.suggestions);
  });

  test('fits what Discord takes as choices', () => {
    for (const { suggestions } of Object.values(paperPresets)) {
      expect(suggestions.length).toBeLessThanOrEqual(25);
      for (const words of suggestions) expect(words.length).toBeLessThanOrEqual(100);
    }
  });
});

describe('the presets of a base', () => {
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'presets-'));
  });
  afterAll(() => rm(dir, { recursive: true }));

  test("are the paper's where it says nothing", async () => {
    expect(Object.keys(await readPresets(dir))).toEqual([...presetNames]);
  });

  test('of pocket are those whose words it was trained on', async () => {
    const pocket = await readPresets(fileURLToPath(new URL('../models/pocket', import.meta.url)));
    expect(Object.keys(pocket)).toEqual(['recontextualize', 'paint', 'view', 'wear', 'recolour']);
    expect(fillPreset(pocket.paint ?? paperPresets.paint, 'a watercolor')).toBe(
      'a watercolor of a [V]',
    );
  });

  test.each(['{', '{"paint":{"sentence":"a [V]","suggestions":["x"]}}', '{"dance":{}}'])(
    'that are %j are refused',
    async (text) => {
      await writeFile(path.join(dir, 'presets.json'), text);
      await expect(readPresets(dir)).rejects.toThrow('presets.json: expected sentences');
    },
  );
});
