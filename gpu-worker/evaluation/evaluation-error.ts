/** @file An evaluation that cannot be made, said in a sentence. */
export class EvaluationError extends Error {
  override readonly name = 'EvaluationError';
}
