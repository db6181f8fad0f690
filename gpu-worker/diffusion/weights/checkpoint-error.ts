/** @file The error that says why a checkpoint cannot be used. */

/** A folder that is not a checkpoint, or not one that can be used. */
export class CheckpointError extends Error {
  override readonly name = 'CheckpointError';
}
