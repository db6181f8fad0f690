/** @file Does the base draw what a caption says? Captions that say everything, and readers of the pictures. */
import {
  ATTRIBUTE_NAMES,
  ATTRIBUTES,
  type AttributeName,
  type Reading,
  truthOf,
} from '../pocket/judges/attributes.ts';
import { PICTURE_SIZE, renderScene } from '../pocket/world/render.ts';
import type { Accessory, Context, Scene, Style, View } from '../pocket/world/scene.ts';
import { testScene } from '../pocket/world/seeds.ts';
import { AUTOENCODER_TARGETS, type Reconstruction } from './autoencoder.ts';
import type { RgbPicture } from './pictures.ts';
import { type Proportion, proportion } from './statistics.ts';

/** What a base has to reach to be worth showing. */
export const BASE_TARGETS: Partial<Record<AttributeName, number>> = {
  class: 0.97,
  context: 0.93,
  style: 0.93,
  firstColour: 0.85,
  pattern: 0.75,
  accessory: 0.85,
};

/** A caption, and what a picture of it must show. */
export interface AskedScene {
  readonly caption: string;
  /** Class, context and style in a combination that pretraining never drew. */
  readonly unseen: boolean;
  readonly asks: Partial<Record<AttributeName, string>>;
}

const PLACES: Record<Exclude<Context, 'plain'>, string> = {
  jungle: 'in the jungle',
  snow: 'in the snow',
  beach: 'on the beach',
  city: 'in the city',
  night: 'at night',
  'wooden floor': 'on a wooden floor',
  grass: 'on green grass',
  desert: 'in the desert',
  'under water': 'under water',
  'purple rug': 'on a purple rug',
  mountain: 'with a mountain in the background',
  room: 'in a room',
  'blue house': 'with a blue house in the background',
  street: 'on a cobblestone street',
  'pink fabric': 'on pink fabric',
};
const WORN: Record<Accessory, string> = {
  none: '',
  'red hat': ' wearing a red hat',
  'black top hat': ' wearing a black top hat',
  'gold crown': ' wearing a gold crown',
  'blue scarf': ' wearing a blue scarf',
  'rainbow scarf': ' wearing a rainbow scarf',
  sunglasses: ' wearing sunglasses',
};
const VIEWED: Record<View, string> = {
  plain: '#',
  'close-up': 'a close up of #',
  'far away': '# far away',
  behind: '# seen from behind',
};
const STYLED: Record<Style, string> = {
  plain: '#',
  painting: 'a painting of #',
  'pencil sketch': 'a pencil sketch of #',
  watercolor: 'a watercolor of #',
  'pixel art': '# as pixel art',
  'stained glass': 'stained glass of #',
};

const articleOf = (word: string): string => (/^[aeiou]/.test(word) ? 'an' : 'a');

/** Says all that a picture of the scene can show. */
export function fullCaption(scene: Scene): string {
  const { subject, context, style, view, accessory } = scene;
  const adjectives: string[] = [];
  if (ATTRIBUTES.firstColour.shows(scene))
    adjectives.push(
      subject.pattern === 'plain' ? subject.primary : `${subject.primary} and ${subject.secondary}`,
    );
  if (subject.pattern !== 'plain') adjectives.push(subject.pattern);
  const words = [...adjectives, subject.className].join(' ');
  const noun = `${articleOf(words)} ${words}${WORN[accessory]}`;
  const place = context === 'plain' ? `on a ${scene.backdrop} background` : PLACES[context];
  return STYLED[style].replace('#', `${VIEWED[view].replace('#', noun)} ${place}`);
}

/** What {@link fullCaption} says and a picture shows; a plain style, view or coat is not said. */
function asksOf(scene: Scene): AskedScene['asks'] {
  const truth = truthOf(scene);
  const said: Record<AttributeName, boolean> = {
    class: true,
    firstColour: true,
    secondColour: scene.subject.pattern !== 'plain',
    pattern: scene.subject.pattern !== 'plain',
    context: true,
    style: scene.style !== 'plain',
    view: scene.view !== 'plain',
    accessory: scene.accessory !== 'none',
    finish: false,
  };
  return Object.fromEntries(
    ATTRIBUTE_NAMES.filter((name) => said[name] && ATTRIBUTES[name].shows(scene)).map((name) => [
      name,
      truth[name],
    ]),
  );
}

const isUnseen = (index: number): boolean => index % 2 === 1;
const testSceneAt = (seed: number, index: number): Scene =>
  testScene(seed * 10_000 + index, isUnseen(index), { shiny: false });

/**
 * Captions of test scenes, every second one of an unseen combination.
 * @param seed chooses the scenes, in [0, 10⁴)
 */
export function askedScenes(count: number, seed: number): AskedScene[] {
  return Array.from({ length: count }, (_, i) => {
    const scene = testSceneAt(seed, i);
    return { caption: fullCaption(scene), unseen: isUnseen(i), asks: asksOf(scene) };
  });
}

/** Drawings of test scenes, every second one of an unseen combination, as {@link askedScenes} has them. */
export async function drawScenes(count: number, seed: number): Promise<RgbPicture[]> {
  const scenes = Array.from({ length: count }, (_, i) => testSceneAt(seed, i));
  const [width, height] = [PICTURE_SIZE, PICTURE_SIZE];
  return Promise.all(
    scenes.map(async (scene) => ({ rgb: await renderScene(scene), width, height })),
  );
}

/** Shares of right pictures among those that an attribute was asked of. */
export type Accuracy = Partial<Record<AttributeName, Proportion>>;

export interface BaseAccuracy {
  readonly captions: number;
  /** Peak signal-to-noise ratio in dB; `photos` where there are some. */
  readonly autoencoder: Reconstruction;
  readonly all: Accuracy;
  readonly seen: Accuracy;
  readonly unseen: Accuracy;
  /** What is below its target: attributes, `autoencoder world`, `autoencoder photos`. */
  readonly missed: readonly string[];
}

/** @param readings one a scene */
export function scoreBase(
  scenes: readonly AskedScene[],
  readings: readonly Reading[],
  autoencoder: Reconstruction,
): BaseAccuracy {
  const accuracyOf = (wanted: (scene: AskedScene) => boolean): Accuracy =>
    Object.fromEntries(
      ATTRIBUTE_NAMES.flatMap((name) => {
        const asked = scenes.flatMap((scene, i) =>
          wanted(scene) && scene.asks[name] !== undefined
            ? [readings[i]![name] === scene.asks[name]]
            : [],
        );
        return asked.length === 0
          ? []
          : [[name, proportion(asked.filter(Boolean).length, asked.length)]];
      }),
    );
  const all = accuracyOf(() => true);
  const targets = Object.entries(BASE_TARGETS) as [AttributeName, number][];
  const reconstructions = Object.entries(autoencoder) as [keyof Reconstruction, number][];
  return {
    captions: scenes.length,
    autoencoder,
    all,
    seen: accuracyOf(({ unseen }) => !unseen),
    unseen: accuracyOf(({ unseen }) => unseen),
    missed: [
      ...targets.filter(([name, target]) => (all[name]?.share ?? 0) < target).map(([name]) => name),
      ...reconstructions
        .filter(([name, decibels]) => decibels < AUTOENCODER_TARGETS[name])
        .map(([name]) => `autoencoder ${name}`),
    ],
  };
}
