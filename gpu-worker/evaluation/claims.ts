/** @file The paper's claims as yes or no, with the figures that decide. */
import { compareVariants, type Evaluation, type Measure } from './protocol.ts';
import { DREAMBOOTH } from './variants.ts';

export interface Claim {
  readonly text: string;
  /** What was measured, in words. */
  readonly found: string;
  readonly holds: boolean;
  /** Whether the exit code depends on it. */
  readonly decides: boolean;
}

const TARGETS = { identity: 0.75, prompt: 0.8, taken: 0.05, takenWithoutPrior: 0.3 } as const;
const SIGNIFICANT = 0.01;

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** @returns the claims for which there are figures */
export function judgeClaims(evaluation: Evaluation): Claim[] {
  const meanOf = (id: string, measure: Measure) =>
    evaluation.summaries.find(({ variant }) => variant.id === id)?.measures[measure]?.mean;
  const share = (
    text: string,
    id: string,
    measure: Measure,
    holds: (mean: number) => boolean,
    decides = false,
  ): Claim[] => {
    const mean = meanOf(id, measure);
    return mean === undefined ? [] : [{ text, found: percent(mean), holds: holds(mean), decides }];
  };
  const paired = (text: string, first: string, second: string, measure: Measure, limit: number) => {
    const compared = compareVariants(evaluation, first, second, measure);
    if (!compared) return [];
    const { difference, test } = compared;
    return [
      {
        text,
        found: `${difference.mean.toFixed(3)} more, p = ${test.pGreater.toPrecision(2)}`,
        holds: difference.mean > 0 && test.pGreater < limit,
        decides: false,
      },
    ];
  };
  const main = DREAMBOOTH.id;
  const { identity, prompt, taken, takenWithoutPrior } = TARGETS;
  return [
    ...share(
      `right subject among 50 of its class in at least ${percent(identity)}`,
      main,
      'identity',
      (mean) => mean >= identity,
      true,
    ),
    ...share(
      `asked place, style or accessory in at least ${percent(prompt)}`,
      main,
      'prompt',
      (mean) => mean >= prompt,
      true,
    ),
    ...share(
      `at most ${percent(taken)} of the plain class taken for the subject`,
      main,
      'taken',
      (mean) => mean <= taken,
      true,
    ),
    ...share(
      `at least ${percent(takenWithoutPrior)} of them without the prior`,
      'without-prior',
      'taken',
      (mean) => mean >= takenWithoutPrior,
    ),
    ...paired(
      `PRES is lower with the prior, p < ${SIGNIFICANT}`,
      'without-prior',
      main,
      'pres',
      SIGNIFICANT,
    ),
    ...paired(
      `DIV is higher with the prior, p < ${SIGNIFICANT}`,
      main,
      'without-prior',
      'div',
      SIGNIFICANT,
    ),
    ...(
      [
        ['no-noun', 'the right noun is better than none'],
        ['wrong-noun', 'the right noun is better than a wrong one'],
        ['textual-inversion', 'DreamBooth is better than textual inversion'],
      ] as const
    ).flatMap(([id, text]) => [
      ...paired(`${text} in identity`, main, id, 'identity', 1),
      ...paired(`${text} in prompt`, main, id, 'prompt', 1),
    ]),
  ];
}
