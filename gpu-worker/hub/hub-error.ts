/** @file The error that says why the hub's files could not be had. */

/** The message holds no token. */
export class HubError extends Error {
  override readonly name = 'HubError';
  /** Asking again may help: the connection broke, or the hub is busy. */
  readonly isTransient: boolean;

  constructor(message: string, options: { isTransient?: boolean; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.isTransient = options.isTransient ?? false;
  }
}
