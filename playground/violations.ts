/** @file What an outside check of the wire reports, and how a refused request is answered. */
import { FormErrors } from './discord-error.ts';
import type { Json } from './json.ts';

/** One place where a body differs from the description. */
export interface WireProblem {
  /** JSON pointer into the body. */
  pointer: string;
  message: string;
}

/** Checks bodies against a description of the API that nobody here wrote. */
export interface WireValidator {
  /** @param path concrete, without `/api/v10` */
  validateRequest(method: string, path: string, body: unknown): WireProblem[];
  validateResponse(method: string, path: string, status: number, body: unknown): WireProblem[];
}

/** A body that broke the description, by the bot or by the playground itself. */
export interface Violation {
  by: 'bot' | 'playground';
  route: string;
  at: number;
  problems: WireProblem[];
  body: unknown;
}

/** @returns problems as the `errors` tree of code 50035 */
export function formErrorsOf(problems: WireProblem[]): Json {
  const errors = new FormErrors();
  for (const { pointer, message } of problems) {
    const path = pointer.split('/').filter((part) => part !== '');
    errors.add(path, 'OPENAPI', message);
  }
  return errors.tree;
}
