/** @file The demo from beginning to end: one user, one subject, a few prompts. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { APIMessage } from 'discord-api-types/v10';
import type { Playground } from '../server.ts';
import type { DemoArguments } from './arguments.ts';
import { decryptArtifact, drawClass } from './class-pictures.ts';
import { startConversation } from './conversation.ts';
import { compareColours, compareDiversity } from './figures.ts';
import { followTraining, type TrainingTimes } from './follow-training.ts';
import { fetchAttachments, writeJson, writeTranscript } from './output.ts';
import type { DemoPhoto } from './photos.ts';
import { drawSheet, type SheetRow } from './sheet.ts';
import type { Embedded } from './start-embedded.ts';

/** What the demo runs on. */
export interface DemoStage {
  readonly playground: Playground;
  readonly embedded: Embedded;
  readonly photos: readonly DemoPhoto[];
  /** For plain files; removed by the caller. */
  readonly scratchDir: string;
  readonly signal: AbortSignal;
  readonly startedAt: number;
  print(line: string): void;
}

/** What `figures.json` holds. */
export interface DemoFigures {
  readonly classNoun: string;
  readonly nearerInColour: {
    readonly share: number;
    readonly target: number;
    readonly renditions: number;
    readonly distances: readonly number[];
    readonly classBeforeDistance: number;
  };
  readonly classDiversity: { readonly kept: number; readonly target: number };
  readonly seconds: {
    readonly total: number;
    readonly classImages: number;
    readonly training: number;
  };
}

const USER = 'ada';
const SUBJECT_NAME = 'Miso';
/** Discord shows four pictures of a message side by side. */
const PER_PROMPT = 4;
/** Messages with the plain prompt, for the colour figure. */
const PLAIN_ROUNDS = 2;
/** Pictures of the class, before and after, with the same seeds. */
const CLASS_PICTURES = 8;

/** Runs it. @throws {DemoError} when something was not delivered */
export async function runDemo(demo: DemoArguments, stage: DemoStage): Promise<DemoFigures> {
  const { playground, embedded, photos, scratchDir, signal, print } = stage;
  const { classNoun, seed, outDir, baseDir: baseCheckpointDir } = demo;
  const conversation = startConversation(playground, USER);
  const classRequest = { baseCheckpointDir, classNoun, seed, count: CLASS_PICTURES };

  print(`Drawing "a ${classNoun}" with the base, before it learns anything`);
  const dirBefore = path.join(scratchDir, 'class-before');
  const classBefore = await drawClass(embedded, { ...classRequest, dir: dirBefore }, signal);

  print(`${USER}: /train class: ${classNoun} name: ${SUBJECT_NAME}, ${photos.length} photos`);
  const interactionId = await conversation.train({ name: SUBJECT_NAME, classNoun, photos });
  const times = await followTraining(embedded, interactionId, signal);
  await conversation.seeTrained(SUBJECT_NAME);

  const plainPrompt = `a [V] ${classNoun}`;
  const rows: SheetRow[] = [];
  const plain: Buffer[] = [];
  const imagine = async (prompt: string, firstSeed: number) => {
    print(`${USER}: /imagine prompt: ${prompt} count: ${PER_PROMPT}`);
    const message = await conversation.imagine({ prompt, seed: firstSeed, count: PER_PROMPT });
    signal.throwIfAborted();
    return picturesOf(message);
  };
  for (let round = 0; round < PLAIN_ROUNDS; round++) {
    plain.push(...(await imagine(plainPrompt, seed + round * PER_PROMPT)));
  }
  rows.push({ label: plainPrompt, pictures: plain });
  for (const prompt of demo.prompts) {
    rows.push({ label: prompt, pictures: await imagine(prompt, seed) });
  }

  print(`Drawing "a ${classNoun}" again, with what was learned`);
  const dirAfter = path.join(scratchDir, 'class-after');
  const artifactFile = await decryptArtifact(embedded, times.runId, scratchDir);
  const classAfter = await drawClass(
    embedded,
    { ...classRequest, artifactFile, dir: dirAfter },
    signal,
  );

  const photoFiles = photos.map(({ bytes }) => bytes);
  const sheet = await drawSheet([
    { label: `${photos.length} photos`, pictures: photoFiles },
    { label: `the class before: "a ${classNoun}"`, pictures: classBefore },
    ...rows,
    { label: `the class after: "a ${classNoun}"`, pictures: classAfter },
  ]);
  const colours = await compareColours({ photos: photoFiles, renditions: plain, classBefore });
  const kept = await compareDiversity(classBefore, classAfter);
  const figures = toFigures(classNoun, colours, kept, times, stage.startedAt);
  await writeTranscript(outDir, playground, conversation, USER);
  writeFileSync(path.join(outDir, 'sheet.png'), sheet);
  writeJson(path.join(outDir, 'figures.json'), figures);
  return figures;
}

/** @returns the lines that the demo ends with */
export function describeFigures({
  nearerInColour,
  classDiversity,
  seconds,
}: DemoFigures): readonly string[] {
  const { share, target, renditions } = nearerInColour;
  const near = Math.round(share * renditions);
  return [
    `Plain renditions nearer to the photos in colour than the class was: ${near} of ${renditions} (${percent(share)}, target ${percent(target)})`,
    `Variety of the class kept: ${classDiversity.kept.toFixed(2)} (target ${classDiversity.target})`,
    `Time: ${minutes(seconds.total)} in all, ${minutes(seconds.classImages)} for class images, ${minutes(seconds.training)} for training`,
  ];
}

function toFigures(
  classNoun: string,
  colours: Awaited<ReturnType<typeof compareColours>>,
  kept: number,
  times: TrainingTimes,
  startedAt: number,
): DemoFigures {
  const { share, distances, classDistance } = colours;
  const round = (value: number) => Math.round(value * 1000) / 1000;
  return {
    classNoun,
    nearerInColour: {
      share: round(share),
      target: 0.8,
      renditions: distances.length,
      distances: distances.map(round),
      classBeforeDistance: round(classDistance),
    },
    classDiversity: { kept: round(kept), target: 0.8 },
    seconds: {
      total: round((performance.now() - startedAt) / 1000),
      classImages: round(times.classImageSeconds),
      training: round(times.trainingSeconds),
    },
  };
}

async function picturesOf(message: APIMessage): Promise<Buffer[]> {
  return (await fetchAttachments(message)).map(({ bytes }) => bytes);
}

const percent = (share: number) => `${Math.round(share * 100)} %`;

function minutes(seconds: number): string {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')} min`;
}
