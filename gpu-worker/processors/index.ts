/** @file Every processor there is, one a job contract. */
import type { JobName } from '#db/jobs/index.ts';
import type { JobProcessor } from '#db/queue.ts';
import type { ProcessorContext } from './context.ts';
import { createRenderPromptProcessor } from './render-prompt.ts';
import { createTrainSubjectProcessor } from './train-subject.ts';

/** Makes the processors; a contract without one does not compile. */
export function createProcessors(context: ProcessorContext) {
  return {
    'train-subject': createTrainSubjectProcessor(context),
    'render-prompt': createRenderPromptProcessor(context),
  } satisfies { [Name in JobName]: JobProcessor<Name> };
}
