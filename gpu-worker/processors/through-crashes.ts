/** @file Asks the engine again after it crashed: a training resumes from its last checkpoint. */
import { EngineCrashedError, type RunOptions } from '../engine/client.ts';
import type { EngineRequest, EngineResultOf } from '../engine/protocol.ts';
import type { ProcessorContext } from './context.ts';

/** More than bad luck: the request itself brings the engine down. */
const MAX_CRASHES = 3;

/**
 * Runs a request, again after a crash.
 *
 * @throws {EngineCrashedError} after the third crash
 */
export async function runThroughCrashes<Request extends EngineRequest>(
  { engine, logger }: Pick<ProcessorContext, 'engine' | 'logger'>,
  request: Request,
  options: RunOptions,
): Promise<EngineResultOf<Request>> {
  for (let crashes = 1; ; crashes++) {
    try {
      return await engine.run(request, options);
    } catch (error) {
      if (!(error instanceof EngineCrashedError) || crashes === MAX_CRASHES) throw error;
      logger.warn({ err: error, crashes }, 'engine crashed; asking again');
    }
  }
}
