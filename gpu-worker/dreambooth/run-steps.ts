/** @file The steps of a training, one after the other: rates, checkpoints, progress, and the stop where the loss is lost. */
import { NonFiniteLossError, scalar, type Trainer } from '../tensor/optim/trainer.ts';
import { pauseBetweenSteps } from './between-steps.ts';
import type { Candidates } from './candidates.ts';
import type { TrainingCheckpoints } from './checkpoint.ts';
import type { Learner } from './learner.ts';
import { learningRatesAt, type RateSettings } from './learning-rates.ts';
import { EngineRequestError, type LoopContext, type TrainingSettings } from './requests.ts';
import type { StepBatch } from './step.ts';

/** What the steps of a training depend on beside its pictures. */
export type StepsSettings = RateSettings & Pick<TrainingSettings, 'checkpointingSteps'>;

/** What the steps leave behind on disk. */
export interface Kept {
  readonly checkpoints: TrainingCheckpoints;
  readonly candidates: Candidates;
}

/**
 * Makes the steps that are left, saves the state every `checkpointingSteps`, and keeps the candidates.
 *
 * @param batchesOf the batches of a step
 * @returns the last step, the step that an earlier attempt came to, and the last loss, NaN where no step was left
 * @throws {EngineRequestError} `NAN_LOSS`; the last good state is kept
 * @throws `signal.reason` between two steps once it is aborted; `finish` ends the steps without that
 */
export async function runSteps(
  learner: Learner,
  settings: StepsSettings,
  batchesOf: (step: number) => readonly StepBatch[],
  { checkpoints, candidates }: Kept,
  context: LoopContext,
): Promise<{ step: number; resumedFromStep: number; finalLoss: number }> {
  const { signal, finish, onProgress, now } = context;
  const { trainer } = learner;
  const { maxTrainSteps, checkpointingSteps } = settings;
  const resumedFromStep = checkpoints.resume(trainer);
  const startedAt = now();
  let finalLoss = Number.NaN;
  // Told to finish, it makes one step at least: before that there is nothing to keep.
  const isOver = (step: number) => step >= maxTrainSteps || (step > 0 && finish?.aborted === true);
  while (!isOver(trainer.state.step)) {
    signal.throwIfAborted();
    finalLoss = await makeStep(learner, settings, batchesOf(trainer.state.step), checkpoints);
    checkpoints.confirm();
    const { step } = trainer.state;
    // Before the state: a training that is resumed from here has the candidate, too.
    const isDue = candidates.isDue(step) && step < maxTrainSteps;
    const candidateFile = isDue ? await keepCandidate(learner, candidates) : undefined;
    if (step % checkpointingSteps === 0 && step < maxTrainSteps) await checkpoints.save(trainer);
    const secondsPerStep = (now() - startedAt) / 1000 / (step - resumedFromStep);
    onProgress({
      stage: 'training',
      step,
      totalSteps: maxTrainSteps,
      secondsLeft: secondsPerStep * (maxTrainSteps - step),
      loss: finalLoss,
      ...(candidateFile !== undefined && { candidateFile }),
    });
    await pauseBetweenSteps(context);
  }
  const { step } = trainer.state;
  if (step > resumedFromStep) {
    await trainer.download();
    if (!isStorable(trainer))
      throw divergence(step, 'left weights beyond half precision', LEARN_SLOWER, checkpoints);
    await checkpoints.save(trainer);
    checkpoints.confirm();
  }
  return { step, resumedFromStep, finalLoss };
}

/** @returns the file; undefined for weights that cannot be stored */
async function keepCandidate(learner: Learner, candidates: Candidates) {
  const { trainer } = learner;
  await trainer.download();
  return isStorable(trainer) ? candidates.keep(learner, trainer.state.step) : undefined;
}

/** @returns the loss */
async function makeStep(
  { trainer, feeds }: Learner,
  settings: RateSettings,
  batches: readonly StepBatch[],
  checkpoints: TrainingCheckpoints,
): Promise<number> {
  const { step } = trainer.state;
  try {
    const results = await trainer.step(
      batches.map((batch) => ({ ...batch.feeds, ...feeds(step, batch.rows) })),
      learningRatesAt(settings, step),
    );
    return scalar(results, 'loss');
  } catch (error) {
    if (!(error instanceof NonFiniteLossError)) throw error;
    const { loss, gradNorm } = error;
    throw divergence(
      step + 1,
      `gave the loss ${loss} and the gradient norm ${gradNorm}`,
      step === 0
        ? 'Nothing was learned yet: a file of the base or a picture is damaged.'
        : LEARN_SLOWER,
      checkpoints,
    );
  }
}

/** The artifact is stored in half precision: beyond it a weight would become infinite. */
const LARGEST_HALF = 65_504;

const isStorable = ({ state }: Trainer): boolean =>
  state.parameters.every((values) => values.every((value) => Math.abs(value) <= LARGEST_HALF));

const LEARN_SLOWER = 'Lower learningRate and textEncoderLearningRate, or raise lrWarmupSteps.';

function divergence(
  step: number,
  what: string,
  advice: string,
  checkpoints: TrainingCheckpoints,
): EngineRequestError {
  const kept = checkpoints.reject();
  return new EngineRequestError(
    'NAN_LOSS',
    `step ${step} ${what}; the state of step ${kept} is kept. ${advice}`,
    { step: String(step) },
  );
}
