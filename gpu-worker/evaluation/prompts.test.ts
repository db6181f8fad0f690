/** @file The prompts: 25 for every class, in words that the world knows; the dataset's, word for word. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { ATTRIBUTES } from '../pocket/judges/attributes.ts';
import { worldWords } from '../pocket/tokenizer/build-vocabulary.ts';
import { CLASSES, canWear, hasBack, LIVE_CLASSES } from '../pocket/world/scene.ts';
import { askedScenes } from './base-accuracy.ts';
import { datasetPrompts, PROMPTS, promptOf, worldPrompts } from './prompts.ts';

const known = new Set(worldWords());

describe.each(CLASSES)('prompts of a %s', (className) => {
  const prompts = worldPrompts(className);

  test('are 25 different ones, in words that captions have', () => {
    const texts = prompts.map((prompt) => promptOf(prompt, className));
    expect(new Set(texts).size).toBe(PROMPTS);
    for (const text of texts)
      for (const word of text.split(' ')) expect(known, text).toContain(word);
  });

  test('ask only for what the class can have, and for what readers can read', () => {
    for (const { asks, application, keepsLook } of prompts) {
      const { choices } = ATTRIBUTES[asks!.attribute];
      expect(choices).toContain(asks!.value);
      if (asks!.attribute === 'accessory')
        expect(canWear(className, asks!.value as 'red hat')).toBe(true);
      if (asks!.value === 'behind') expect(hasBack(className)).toBe(true);
      expect(keepsLook).toBe(application !== 'properties');
    }
    const worn = prompts.filter(({ application }) => application === 'accessories').length;
    const isLive = (LIVE_CLASSES as readonly string[]).includes(className);
    expect(worn).toBe(isLive ? (className === 'fish' ? 4 : 6) : 0);
  });
});

const dataset = path.resolve(
  import.meta.dirname,
  '../../../shared/data/dreambooth/prompts_and_classes.txt',
);

test.skipIf(!existsSync(dataset))(
  'the dataset’s prompts are its own (skipped without ../shared)',
  () => {
    const lists = readFileSync(dataset, 'utf8').split('prompt_list = [').slice(1);
    const formsOf = (list: string) =>
      [...list.matchAll(/'(a [^']*)'\.format/g)].map(([, form]) => form!.replace('{0} {1}', '#'));
    const [objects, live] = lists.map(formsOf);
    expect(datasetPrompts('backpack').map(({ form }) => form)).toEqual(objects);
    expect(datasetPrompts('dog').map(({ form }) => form)).toEqual(live);
  },
);

describe('captions that say everything', () => {
  const scenes = askedScenes(300, 3);

  test('are made of words that captions have, and every second one is unseen', () => {
    for (const { caption } of scenes)
      for (const word of caption.split(' ')) expect(known, caption).toContain(word);
    expect(scenes.filter(({ unseen }) => unseen)).toHaveLength(150);
    expect(askedScenes(300, 3)).toEqual(scenes);
    expect(askedScenes(1, 4)[0]).not.toEqual(scenes[0]);
  });

  test('say what they ask for', () => {
    for (const { caption, asks } of scenes) {
      expect(caption).toContain(asks.class);
      if (asks.firstColour) expect(caption).toContain(asks.firstColour);
      if (asks.pattern) expect(caption).toContain(asks.pattern);
      if (asks.accessory)
        expect(caption).toContain(
          `wearing ${asks.accessory === 'sunglasses' ? '' : 'a '}${asks.accessory}`,
        );
      if (asks.style) expect(caption).toContain(asks.style);
      if (asks.style === 'pencil sketch') expect(asks.firstColour).toBeUndefined();
      expect(asks.accessory).not.toBe('none');
      expect(asks.finish).toBeUndefined();
    }
  });
});
