/** @file What a subject may be called. */
import { normalizeSubjectName } from '#db/queries/subject-name.ts';
import { UserError } from '../user-error.ts';
import { refusals } from '../views/refusals.ts';
import { oneLine } from '../views/text.ts';
import { trainFieldLength } from '../views/train-form.ts';

/**
 * @returns the name that a user typed for a subject
 * @throws {UserError} where it cannot be written as `[name]`, or is `V`, which stands for any
 */
export function readSubjectName(typed: string): string {
  const name = oneLine(typed);
  const isFine =
    name.length > 0 &&
    name.length <= trainFieldLength.name &&
    !/[[\]]/.test(name) &&
    normalizeSubjectName(name) !== 'v' &&
    normalizeSubjectName(name) !== '';
  if (!isFine) throw new UserError('NAME_MALFORMED', refusals.nameMalformed());
  return name;
}
