/** @file Which candidate is the best: the front of identity and prompt, without those that spoiled the class. */
import type { CandidateScores } from './requests.ts';

/**
 * A candidate whose plain class came nearer to the photos by more than this is out. Without prior
 * preservation the paper's PRES rises by 0.17.
 * @see Ruiz et al. 2023, table 4, https://arxiv.org/abs/2208.12242
 */
export const DRIFT_LIMIT = 0.15;

/** @returns whether `a` is at least as good as `b` in both, and better in one */
const dominates = (a: CandidateScores, b: CandidateScores): boolean =>
  a.identity >= b.identity &&
  a.prompt >= b.prompt &&
  (a.identity > b.identity || a.prompt > b.prompt);

/** A cosine may be negative: two of them must not make a large product. */
const product = ({ identity, prompt }: CandidateScores): number =>
  Math.max(0, identity) * Math.max(0, prompt);

/**
 * Chooses among candidates within {@link DRIFT_LIMIT}, or among all where none is: of those that no
 * other one dominates, the one with the largest product of identity and prompt, of equals the last.
 *
 * @param scores one a candidate, in the order of their steps; at least one
 * @returns its index
 */
export function chooseBest(scores: readonly CandidateScores[]): number {
  const all = [...scores.entries()];
  const within = all.filter(([, { drift }]) => drift <= DRIFT_LIMIT);
  const among = within.length > 0 ? within : all;
  const front = among.filter(([, own]) => !among.some(([, other]) => dominates(other, own)));
  const [best] = front.reduce((a, b) => (product(b[1]) >= product(a[1]) ? b : a));
  return best;
}
