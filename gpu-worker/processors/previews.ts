/** @file Pictures of the subject while it is learned: one with each weights that the training keeps, drawn between two of its steps. */
import path from 'node:path';
import type { TrainProgress } from '#db/jobs/train-subject.ts';
import type { TrainSubjectRequest } from '../dreambooth/requests.ts';
import { COMPARING_STEPS } from '../evaluation/requests.ts';
import type { ProcessorContext } from './context.ts';

type Preview = NonNullable<TrainProgress['previews']>[number];

/** The pictures of one attempt at a training. They are files of its row until it ends. */
export class Previews {
  readonly #context: Pick<ProcessorContext, 'engine' | 'store' | 'logger'>;
  readonly #dataKey: Uint8Array;
  readonly #over = new AbortController();
  readonly #kept: Preview[];
  #drawing: Promise<void> = Promise.resolve();

  /**
   * @param dataKey the owner's wrapped key
   * @param earlier pictures of the attempts before
   */
  constructor(
    context: Pick<ProcessorContext, 'engine' | 'store' | 'logger'>,
    dataKey: Uint8Array,
    earlier: readonly Preview[] = [],
  ) {
    this.#context = context;
    this.#dataKey = dataKey;
    this.#kept = [...earlier];
  }

  /** In the order of their steps. */
  get all(): readonly Preview[] {
    return this.#kept;
  }

  /** Draws with weights, after those that were asked for before. What goes wrong is logged and nobody's loss. */
  draw(request: TrainSubjectRequest, candidate: { step: number; file: string }): void {
    if (this.#kept.some(({ step }) => step === candidate.step)) return;
    this.#drawing = this.#drawing
      .then(() => this.#drawOne(request, candidate))
      .catch((error) => {
        if (this.#over.signal.aborted) return;
        this.#context.logger.warn({ err: error, step: candidate.step }, 'training: no preview');
      });
  }

  async #drawOne(
    {
      baseCheckpointDir,
      identifier,
      classNoun,
      settings,
      sampling,
      provider,
      artifactFile,
    }: TrainSubjectRequest,
    { step, file }: { step: number; file: string },
  ): Promise<void> {
    const { engine, store } = this.#context;
    const { pictureFiles } = await engine.run(
      {
        kind: 'render-prompt',
        baseCheckpointDir,
        artifactFile: file,
        prompt: `a ${identifier} ${classNoun}`,
        seed: settings.seed,
        count: 1,
        outputDir: path.join(path.dirname(artifactFile), `preview-${step}`),
        sampling: {
          ...sampling,
          numInferenceSteps: Math.min(COMPARING_STEPS, sampling.numInferenceSteps),
        },
        provider,
      },
      { signal: this.#over.signal },
    );
    for (const picture of pictureFiles) {
      const fileId = await store.putFile(picture, { ownerDataKey: this.#dataKey });
      this.#kept.push({ step, fileId });
    }
  }

  /** Draws no more; the pictures stay for the next attempt. */
  async end(): Promise<void> {
    this.#over.abort(new Error('the training is over'));
    await this.#drawing;
  }

  /** Deletes the pictures: the training has ended. */
  async removeAll(): Promise<void> {
    await this.end();
    for (const { fileId } of this.#kept.splice(0)) await this.#context.store.delete(fileId);
  }
}
