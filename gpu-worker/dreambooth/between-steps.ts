/** @file The pause between two steps: sessions block the thread while they run. */
import type { LoopContext } from './requests.ts';

/** Lets messages (a cancel, say) be handled. */
export const yieldToEvents = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** To be awaited between two steps: whoever gave the context may do something else meanwhile. */
export const pauseBetweenSteps = ({ betweenSteps }: Pick<LoopContext, 'betweenSteps'>) =>
  (betweenSteps ?? yieldToEvents)();
