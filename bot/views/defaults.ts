/** @file Views of a user's own defaults. */
import type { DefaultableSetting, OwnDefaults } from '#db/jobs/render-prompt.ts';
import type { Subject } from '#db/schema/subjects.ts';
import { say } from '../words/say.ts';
import { type MessageView, messageView } from './message-view.ts';
import { aspectLabels, samplerLabels } from './options.ts';
import { code, plain } from './text.ts';

/** What the options of a picture are called, by what they set. */
export const settingNames = {
  count: 'count',
  aspect: 'aspect',
  numInferenceSteps: 'steps',
  guidanceScale: 'guidance',
  sampler: 'sampler',
  negativePrompt: 'negative',
} as const satisfies Record<DefaultableSetting, string>;

/** Choices of what to reset. */
export const resetChoices = [
  ...(Object.keys(settingNames) as DefaultableSetting[]).map((value) => ({
    name: settingNames[value],
    value,
  })),
  { name: 'subject', value: 'subject' },
] as const;

/** @returns every default, a line each. @param subject what `[V]` stands for, where the user chose it */
export function ownDefaults(
  defaults: OwnDefaults,
  subject: Pick<Subject, 'name'> | undefined,
): MessageView {
  const { count, aspect, numInferenceSteps, guidanceScale, sampler, negativePrompt } = defaults;
  const none = say('as I recommend');
  const lines: [string, string | number][] = [
    ['count', count ?? '1'],
    ['aspect', aspect === undefined ? none : say(aspectLabels[aspect])],
    ['steps', numInferenceSteps ?? none],
    ['guidance', guidanceScale ?? none],
    ['sampler', sampler === undefined ? none : say(samplerLabels[sampler])],
    ['negative', negativePrompt === undefined ? say('nothing') : code(negativePrompt, 1000)],
    ['subject', subject ? `**${plain(subject.name)}**` : say('your only one, else I ask')],
  ];
  return messageView(
    [
      say('**Your defaults**, where `/imagine` and `/preset` are not told otherwise'),
      ...lines.map(([name, value]) => `${name}: ${value}`),
    ].join('\n'),
  );
}
