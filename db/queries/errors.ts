/** @file Tells which constraint a failed write ran into, on either driver. */

/** @returns the constraint's name where the error, or a cause of it, is a unique violation */
export function violatedConstraint(error: unknown): string | undefined {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const { code, constraint } = at as { code?: unknown; constraint?: unknown };
    if (code === '23505' && typeof constraint === 'string') return constraint;
  }
  return undefined;
}

/** @returns the only row of a statement that always returns one */
export function onlyRow<T>(rows: readonly T[]): T {
  const row = rows[0];
  if (row === undefined) throw new Error('query: expected one row, got none');
  return row;
}
