/** @file Words for the presets: what each does, and what its gap is for. */
import type { PresetName } from '../presets.ts';

/** See the file's head. */
export const presetWords = {
  recontextualize: {
    description: 'Put your subject somewhere else',
    option: 'where',
    optionDescription: 'For example: in the jungle',
  },
  paint: {
    description: 'Paint your subject in the style of somebody or something',
    option: 'style',
    optionDescription: 'For example: Vincent van Gogh',
  },
  sculpt: {
    description: 'Make a statue of your subject',
    option: 'material',
    optionDescription: 'For example: marble',
  },
  view: {
    description: 'Look at your subject from another side',
    option: 'from',
    optionDescription: 'For example: the back',
  },
  wear: {
    description: 'Dress your subject',
    option: 'what',
    optionDescription: 'For example: a red hat',
  },
  recolour: {
    description: 'Give your subject another colour or surface',
    option: 'colour',
    optionDescription: 'For example: purple',
  },
  cross: {
    description: 'Cross your subject with another kind of creature or thing',
    option: 'with',
    optionDescription: 'For example: bear',
  },
  expression: {
    description: 'Give your subject a mood',
    option: 'mood',
    optionDescription: 'For example: sleeping',
  },
  comic: {
    description: 'Put your subject into a comic',
    option: 'scene',
    optionDescription: 'For example: flying over a city',
  },
} as const satisfies Record<
  PresetName,
  { description: string; option: string; optionDescription: string }
>;
