/** @file The error whose sentence may be shown to a user. */

/** Something the user can understand and, mostly, do something about. */
export class UserError extends Error {
  override readonly name = 'UserError';
  /** For logs and tests. */
  readonly code: string;
  /** The sentence to show, made in `views/`. */
  readonly userMessage: string;

  constructor(code: string, userMessage: string, options?: ErrorOptions) {
    super(code, options);
    this.code = code;
    this.userMessage = userMessage;
  }
}
