/** @file The judges' parts: targets, losses, damage, and which pictures they learn from. */
import { describe, expect, test } from 'vitest';
import { Graph, type Value } from '../../tensor/graph/graph.ts';
import { Philox } from '../../tensor/random/philox.ts';
import { createSession } from '../../tensor/runtime/session.ts';
import { toChannels } from '../world/pixels.ts';
import { CLASSES, sampleScene } from '../world/scene.ts';
import {
  ATTRIBUTE_NAMES,
  CHOICE_COUNT,
  CHOICE_RANGES,
  truthOf,
  writeTargets,
} from './attributes.ts';
import { degrade } from './degrade.ts';
import { belowFloor } from './floor.ts';
import { perceptualDistance } from './judge.ts';
import { captionLoss, crossEntropy, identityLoss, looksLoss } from './losses.ts';
import { JUDGE_SIZE, LAYERS, PATCH_SHAPE, toPatches } from './network.ts';
import { siblingOf, trainingScene, trainingSubject } from './training-pictures.ts';

/** Computes a scalar of constants. */
async function compute(build: (constant: Graph['constant']) => Value): Promise<number> {
  const graph = new Graph();
  graph.output('value', build(graph.constant.bind(graph)));
  const session = await createSession(graph, { purpose: 'inference', threads: 1 });
  const results = await session.run({});
  await session.close();
  return results.value!.data[0]!;
}

describe('targets', () => {
  const scene = sampleScene(7, { style: 'pencil sketch', view: 'plain', accessory: 'red hat' });

  test('add up to 1 for each attribute that shows, and are 0 for the others', () => {
    const out = new Float32Array(2 * CHOICE_COUNT);
    writeTargets(scene, out, 1, 0.1);
    expect(out.subarray(0, CHOICE_COUNT).every((x) => x === 0)).toBe(true);
    for (const name of ATTRIBUTE_NAMES) {
      const [first, end] = CHOICE_RANGES[name];
      const own = out.subarray(CHOICE_COUNT + first, CHOICE_COUNT + end);
      const sum = own.reduce((a, b) => a + b, 0);
      expect(sum, name).toBeCloseTo(name.endsWith('Colour') ? 0 : 1, 5);
    }
    const [first, end] = CHOICE_RANGES.class;
    const own = [...out.subarray(CHOICE_COUNT + first, CHOICE_COUNT + end)];
    expect(CLASSES[own.indexOf(Math.max(...own))]).toBe(scene.subject.className);
    expect(Math.max(...own)).toBeCloseTo(0.9 + 0.1 / CLASSES.length, 5);
  });

  test('are what the scene has', () => {
    expect(truthOf(scene)).toMatchObject({ style: 'pencil sketch', view: 'plain', finish: 'matt' });
  });
});

describe('losses', () => {
  test('cross-entropy: a row of zeros asks for nothing', async () => {
    const loss = await compute((constant) =>
      crossEntropy(constant([0, Math.log(3), 5, 1], [2, 2]), constant([0.5, 0.5, 0, 0], [2, 2])),
    );
    // −½ log ¼ − ½ log ¾, halved by the second row
    expect(loss).toBeCloseTo(-(Math.log(0.25) + Math.log(0.75)) / 4, 5);
  });

  test('identity: a picture is not compared with itself', async () => {
    // Pictures 0 and 1 are equal, picture 2 is at a right angle to them.
    const identity = [1, 0, 1, 0, 0, 1];
    const partners = [0, 1, 0, 1, 0, 0, 0, 0, 0];
    const loss = await compute((constant) =>
      identityLoss(constant(identity, [3, 2]), constant(partners, [3, 3]), 0.5),
    );
    const own = -Math.log(Math.exp(2) / (Math.exp(2) + 1));
    expect(loss).toBeCloseTo((2 * own) / 3, 5);
  });

  test('captions: both directions count', async () => {
    const identity = [1, 0, 0, 1];
    const loss = await compute((constant) =>
      captionLoss(
        constant(identity, [2, 2]),
        constant([1, 0, 1, 0], [2, 2]),
        constant(identity, [2, 2]),
        1,
      ),
    );
    // Pictures: both captions look like picture 0. Captions: each finds picture 0 by e to 1.
    const pictures = Math.log(2);
    const [right, wrong] = [Math.log(1 + Math.exp(-1)), Math.log(1 + Math.exp(1))];
    expect(loss).toBeCloseTo((pictures + (right + wrong) / 2) / 2, 5);
  });

  test('looks count where they show', async () => {
    const loss = await compute((constant) =>
      looksLoss(constant([1, 2], [1, 2]), constant([0, 5], [1, 2]), constant([1, 0], [1, 2])),
    );
    expect(loss).toBeCloseTo(0.5, 6);
  });
});

describe('pictures', () => {
  const gradient = () => {
    const pixels = new Float32Array(3 * JUDGE_SIZE ** 2);
    for (let i = 0; i < pixels.length; i++) pixels[i] = ((i % JUDGE_SIZE) / JUDGE_SIZE) * 2 - 1;
    return pixels;
  };

  test('are cut into patches of 2 × 2', () => {
    const pixels = new Float32Array(3 * JUDGE_SIZE ** 2).map((_, i) => i);
    const patches = new Float32Array(pixels.length);
    toPatches(pixels, patches);
    // channel 1, row 9, column 6: patch (4, 3), pixel (1, 0) of it
    const [, rows, columns] = PATCH_SHAPE;
    const place = ((1 * 2 + 1) * 2 + 0) * rows * columns + 4 * columns + 3;
    expect(patches[place]).toBe((1 * JUDGE_SIZE + 9) * JUDGE_SIZE + 6);
    expect(new Set(patches).size).toBe(pixels.length);
  });

  test('come from interleaved bytes', () => {
    const out = new Float32Array(6);
    toChannels(Uint8Array.of(0, 255, 51, 255, 0, 102), out);
    const expected = [-1, 1, 1, -1, -0.6, -0.2];
    for (const [i, value] of expected.entries()) expect(out[i]).toBeCloseTo(value, 6);
  });

  test('are damaged in the same way for the same numbers, and stay recognisable', () => {
    const damaged = (seed: number) => {
      const pixels = gradient();
      degrade(pixels, JUDGE_SIZE, new Philox(seed));
      return pixels;
    };
    const before = gradient();
    const mirrored = before.map(
      (_, i) => before[i - (i % JUDGE_SIZE) + JUDGE_SIZE - 1 - (i % JUDGE_SIZE)]!,
    );
    let [changed, turned] = [0, 0];
    for (let seed = 0; seed < 30; seed++) {
      const after = damaged(seed);
      expect(after).toEqual(damaged(seed));
      const distances = [before, mirrored].map((picture) =>
        after.reduce((sum, x, i) => sum + Math.abs(x - picture[i]!), 0),
      );
      expect(Math.min(...distances) / after.length).toBeLessThan(0.35);
      if (distances[0]! > 0) changed++;
      if (distances[1]! < distances[0]!) turned++;
    }
    expect(changed).toBeGreaterThan(20);
    expect(turned).toBeGreaterThan(8);
    expect(turned).toBeLessThan(22);
  });

  test('show twins of one class and both colours that differ in shape', () => {
    for (const index of [0, 7, 60]) {
      const [one, other] = [trainingSubject(index), trainingSubject(siblingOf(index))];
      expect(other).toMatchObject({
        className: one.className,
        primary: one.primary,
        secondary: one.secondary,
      });
      expect(other.shape).not.toEqual(one.shape);
      expect(trainingScene(index, 1).subject).toEqual(one);
    }
    expect(new Set(CLASSES.map((_, i) => trainingSubject(2 * i).className)).size).toBe(
      CLASSES.length,
    );
  });
});

test('the perceptual distance is 0 to itself and adds up over layers', () => {
  const look = (value: number) => ({
    layers: LAYERS.map(({ channels, positions }) =>
      new Float32Array(channels * positions).fill(value),
    ),
  });
  expect(perceptualDistance(look(0.1), look(0.1))).toBe(0);
  const channels = LAYERS.reduce((sum, layer) => sum + layer.channels, 0);
  expect(perceptualDistance(look(0.1), look(0.2))).toBeCloseTo(0.01 * channels, 4);
});

test('what is below the floor is named', () => {
  const attributes = Object.fromEntries(ATTRIBUTE_NAMES.map((name) => [name, 0.97]));
  const floor = {
    pictures: 9,
    identity: 0.96,
    identityOfAll: 0.7,
    identityByStyle: {},
    attributes,
  };
  expect(belowFloor(floor)).toEqual([]);
  expect(
    belowFloor({ ...floor, identity: 0.9, attributes: { ...attributes, pattern: 0.949 } }),
  ).toEqual(['identity 90.0 %', 'pattern 94.9 %']);
});
