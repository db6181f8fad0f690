/** @file The card that a training ends with: the report, the candidates to choose from, the class before and after. */
import type { APIMessageTopLevelComponent } from 'discord.js';
import type { Outcome } from '#db/jobs/outcome.ts';
import type { Artifact } from '#db/schema/artifacts.ts';
import type { Subject } from '#db/schema/subjects.ts';
import type { TrainingRun } from '#db/schema/training-runs.ts';
import { buildCustomId } from '../custom-ids.ts';
import { say } from '../words/say.ts';
import { limits } from './discord-limits.ts';
import { failureSentence } from './failures.ts';
import {
  buttonRow,
  cardView,
  type MessageView,
  mediaGallery,
  textDisplay,
  type ViewFile,
} from './message-view.ts';
import { code, fitText, oneLine, withArticle } from './text.ts';
import { subjectTitle } from './training.ts';
import { scoreLines, scoreSummary } from './training-scores.ts';

/** Weights that a training kept, with a strip of pictures that were drawn with them. */
export interface ShownCandidate {
  readonly artifact: Pick<Artifact, 'id' | 'step' | 'scores'>;
  /** Null where there is none that can be shown. */
  readonly strip: Buffer | null;
}

/** What there is to show of a training that went well. */
export interface TrainingPictures {
  /** In the order of their steps; at most five. */
  readonly candidates: readonly ShownCandidate[];
  /** The plain class, the base's pictures above those of the best weights. */
  readonly classPictures: Buffer | null;
}

type EndedRun = Pick<TrainingRun, 'userId' | 'evaluation'>;
type EndedSubject = Pick<Subject, 'name' | 'classNoun' | 'currentArtifactId'>;

/** @returns the training's last message */
export function trainingEnded(
  run: EndedRun,
  subject: EndedSubject,
  outcome: Outcome,
  pictures: TrainingPictures,
): MessageView {
  const head = say`${subjectTitle(subject)} for <@${run.userId}>`;
  if (outcome.outcome === 'cancelled') return cardView([textDisplay(head, say('Cancelled.'))]);
  if (outcome.outcome === 'failed') {
    const reason = failureSentence(outcome.code, outcome.detail);
    return cardView([textDisplay(head, say`Not learned. ${reason}`)]);
  }
  const example = code(`/imagine prompt: a [V] ${subject.classNoun} on the beach`);
  const components: APIMessageTopLevelComponent[] = [
    textDisplay(
      head,
      say`Ready. Try ${example}`,
      ...reportLines(run, subject, pictures.candidates),
    ),
  ];
  const files: ViewFile[] = [];
  const show = (line: string, file: ViewFile | undefined) => {
    components.push(textDisplay(line));
    if (!file) return;
    files.push(file);
    components.push(mediaGallery([file]));
  };
  for (const candidate of pictures.candidates) {
    show(candidateLine(run, subject, candidate), stripFile(subject, candidate));
  }
  if (pictures.classPictures) {
    const file = classFile(subject, pictures.classPictures);
    show(say`“${withArticle(subject.classNoun)}”: above as before, below as after learning`, file);
  }
  if (pictures.candidates.length > 1) components.push(choiceRow(subject, pictures.candidates));
  return cardView(components, files);
}

/** The report on the weights in use, where a judge scored them. */
function reportLines(
  { evaluation }: EndedRun,
  subject: EndedSubject,
  candidates: readonly ShownCandidate[],
): string[] {
  const scores = inUse(subject, candidates)?.artifact.scores;
  return evaluation && scores ? scoreLines(scores, evaluation, subject.classNoun) : [];
}

const inUse = ({ currentArtifactId }: EndedSubject, candidates: readonly ShownCandidate[]) =>
  candidates.find(({ artifact }) => artifact.id === currentArtifactId);

function candidateLine(
  { evaluation }: EndedRun,
  { currentArtifactId }: EndedSubject,
  { artifact: { id, step, scores } }: ShownCandidate,
): string {
  const parts = [say`**After step ${step}**`];
  if (id === currentArtifactId) parts.push(say('in use'));
  if (step === evaluation?.bestStep) parts.push(say('the best'));
  const summary = evaluation && scores ? `\n${scoreSummary(scores, evaluation.judge)}` : '';
  return `${parts.join(', ')}${summary}`;
}

function stripFile(
  subject: EndedSubject,
  { artifact: { step }, strip }: ShownCandidate,
): ViewFile | undefined {
  if (!strip) return undefined;
  const what = say`${oneLine(subject.name)}, ${withArticle(subject.classNoun)}, drawn after step ${step}`;
  return {
    name: `step-${step}.png`,
    bytes: strip,
    description: fitText(say`Samples: ${what}`, limits.altTextLength),
  };
}

function classFile(subject: EndedSubject, bytes: Buffer): ViewFile {
  const any = withArticle(subject.classNoun);
  const what = say`Pictures of ${any}: above drawn before learning ${oneLine(subject.name)}, below after it`;
  return {
    name: 'class-before-and-after.png',
    bytes,
    description: fitText(what, limits.altTextLength),
  };
}

/** A button for each candidate; the one in use cannot be pressed. */
function choiceRow(subject: EndedSubject, candidates: readonly ShownCandidate[]) {
  return buttonRow(
    ...candidates.slice(0, limits.buttonsPerRow).map(({ artifact: { id, step } }) => {
      const isInUse = id === subject.currentArtifactId;
      return {
        label: isInUse ? say`Step ${step}: in use` : say`Use step ${step}`,
        customId: buildCustomId('use-weights', id),
        disabled: isInUse,
      };
    }),
  );
}

/** @returns what the owner sees after choosing weights */
export function weightsChosen(subject: EndedSubject, step: number): string {
  return say`${subjectTitle(subject)} is drawn as it was after step ${step} from now on.`;
}
