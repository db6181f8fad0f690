/** @file The report: one HTML file that opens from disk, with its sheets beside it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { BaseAccuracy } from '../base-accuracy.ts';
import { BASE_TARGETS } from '../base-accuracy.ts';
import type { Claim } from '../claims.ts';
import { APPLICATIONS } from '../prompts.ts';
import type { Evaluation, Measure } from '../protocol.ts';
import type { Estimate, Proportion } from '../statistics.ts';
import { DREAMBOOTH } from '../variants.ts';
import { escapeMarkup, formatNumber } from './markup.ts';
import { curvePlot, intervalPlot } from './plots.ts';
import { TILE, type Tile, writeSheet } from './sheet.ts';

/** What the report says beside figures and pictures. */
export interface ReportFacts {
  readonly title: string;
  /** Base, judge, seed and so on. */
  readonly facts: Readonly<Record<string, string>>;
}

const MEASURE_NAMES: Record<Measure, string> = {
  dino: 'DINO ↑',
  clipI: 'CLIP-I ↑',
  clipT: 'CLIP-T ↑',
  clipTWithIdentifier: 'CLIP-T, identifier kept ↑',
  identity: 'right subject of 50 ↑',
  prompt: 'prompt followed ↑',
  taken: 'class taken for subject ↓',
  pres: 'PRES ↓',
  div: 'DIV ↑',
  classDiv: 'DIV of the class ↑',
};

const STYLE = `
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, sans-serif; color: #22222a; max-width: 1180px; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; }
th, td { padding: .3rem .6rem; border-bottom: 1px solid #d9d9e0; text-align: left; vertical-align: top; }
td.number { font-variant-numeric: tabular-nums; white-space: nowrap; }
td small { color: #5a5a66; }
.scroll { overflow-x: auto; }
.tiles { display: flex; flex-wrap: wrap; gap: 8px; margin: .5rem 0 1.2rem; }
figure { margin: 0; width: ${TILE}px; }
figure div { width: ${TILE}px; height: ${TILE}px; }
figcaption { font-size: 12px; line-height: 1.3; color: #44444e; }
img { max-width: 100%; height: auto; display: block; margin: 1rem 0; }
`;

const tileFigure = ({ sheet, left, top }: Tile, caption: string): string =>
  `<figure><div role="img" aria-label="${escapeMarkup(caption)}" style="background:url(${escapeMarkup(sheet)}) -${left}px -${top}px"></div><figcaption>${escapeMarkup(caption)}</figcaption></figure>`;

const page = ({ title, facts }: ReportFacts, body: string): string =>
  `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeMarkup(title)}</title>
<style>${STYLE}</style>
<h1>${escapeMarkup(title)}</h1>
<p>${Object.entries(facts)
    .map(([name, value]) => `${escapeMarkup(name)}: <b>${escapeMarkup(value)}</b>`)
    .join(' · ')}</p>
${body}
</html>
`;

/**
 * Writes the report of an evaluation into a folder.
 * @returns the HTML file
 */
export async function writeReport(
  dir: string,
  facts: ReportFacts,
  evaluation: Evaluation,
  claims: readonly Claim[],
): Promise<string> {
  mkdirSync(dir, { recursive: true });
  const body = [
    claimsTable(claims),
    '<h2>Figures</h2><p>Means over the subjects, with 95 % intervals (bootstrap). A variant whose DINO is above that of two real photos copies them.</p>',
    figuresTable(evaluation),
    plotsOf(dir, evaluation),
    await applicationSheets(dir, evaluation),
    await comparisonSheet(dir, evaluation),
  ].join('\n');
  const file = path.join(dir, 'report.html');
  writeFileSync(file, page(facts, body));
  return file;
}

function claimsTable(claims: readonly Claim[]): string {
  const rows = claims.map(
    ({ text, found, holds }) =>
      `<tr><td>${escapeMarkup(text)}<td class="number">${escapeMarkup(found)}<td>${holds ? 'holds' : '<b>does not hold</b>'}`,
  );
  return `<h2>Claims</h2><table><tr><th>Claim<th>Found<th>${rows.join('')}</table>`;
}

const cell = (estimate: Estimate | undefined): string =>
  estimate === undefined
    ? '<td>–'
    : `<td class="number">${formatNumber(estimate.mean)}<br><small>${formatNumber(estimate.low)} … ${formatNumber(estimate.high)}</small>`;

function figuresTable({ summaries, ceiling }: Evaluation): string {
  const names = Object.keys(MEASURE_NAMES) as Measure[];
  const measured = names.filter((name) =>
    summaries.some(({ measures }) => measures[name] !== undefined),
  );
  const attributes = [...new Set(summaries.flatMap(({ asked }) => Object.keys(asked)))];
  const head = [
    ...measured.map((name) => MEASURE_NAMES[name]),
    ...attributes.map((name) => `asked ${name} ↑`),
  ];
  const rows = summaries.map(
    ({ variant, measures, asked, copies }) =>
      `<tr><td>${escapeMarkup(variant.label)}${copies ? ' <b>(copies)</b>' : ''}${measured.map((name) => cell(measures[name])).join('')}${attributes.map((name) => cell(asked[name])).join('')}`,
  );
  const real = `<tr><td>two real photos${measured.map((name) => cell(name === 'dino' ? ceiling : undefined)).join('')}${'<td>'.repeat(attributes.length)}`;
  return `<div class="scroll"><table><tr><th>${head.map((name) => `<th>${escapeMarkup(name)}`).join('')}${rows.join('')}${real}</table></div>`;
}

/** Every plot is a file of its own, so that other documents can show it, too. */
function plotsOf(dir: string, evaluation: Evaluation): string {
  const plots = [
    ...comparisonPlots(evaluation),
    ...curve(evaluation, 'images', 'photos'),
    ...curve(evaluation, 'steps', 'steps, as a multiple of what is recommended'),
  ];
  return plots
    .map(({ name, title, svg }) => {
      writeFileSync(path.join(dir, `${name}.svg`), svg);
      return `<img src="${name}.svg" alt="${escapeMarkup(title)}">`;
    })
    .join('');
}

interface Plot {
  readonly name: string;
  readonly title: string;
  readonly svg: string;
}

function comparisonPlots({ summaries, ceiling }: Evaluation): Plot[] {
  const compared = summaries.filter(({ variant }) => variant.amount === undefined);
  return (['identity', 'prompt', 'dino', 'taken', 'pres', 'div'] as const).flatMap((name) => {
    const rows = compared.flatMap(({ variant, measures }) => {
      const estimate = measures[name];
      return estimate ? [{ name: variant.label, estimate }] : [];
    });
    if (rows.length < 2) return [];
    const mark =
      name === 'dino' && ceiling ? { name: 'two real photos', value: ceiling.mean } : undefined;
    const title = MEASURE_NAMES[name];
    return [{ name, title, svg: intervalPlot(title, rows, mark) }];
  });
}

/** Identity, prompt and likeness over an amount; DreamBooth as recommended is one of the points. */
function curve({ summaries, subjects }: Evaluation, ablation: string, axis: string): Plot[] {
  const points = summaries.filter(
    ({ variant }) => variant.ablation === ablation || variant.id === DREAMBOOTH.id,
  );
  if (points.length < 2) return [];
  const own = ablation === 'images' ? (subjects[0]?.photoFiles.length ?? 0) : 1;
  const curves = (['identity', 'prompt', 'dino', 'taken'] as const).flatMap((name) => {
    const measured = points.flatMap(({ variant, measures }) => {
      const estimate = measures[name];
      return estimate ? [{ at: variant.amount ?? own, estimate }] : [];
    });
    return measured.length < 2 ? [] : [{ name: MEASURE_NAMES[name], points: measured }];
  });
  if (curves.length === 0) return [];
  const title = `By ${ablation}`;
  return [{ name: ablation, title, svg: curvePlot(title, axis, curves) }];
}

/** A sheet for each application: every subject, its first photo, and one picture a prompt. */
async function applicationSheets(dir: string, evaluation: Evaluation): Promise<string> {
  const { subjects, variants, results } = evaluation;
  const own = results[variants.findIndex(({ id }) => id === DREAMBOOTH.id)] ?? [];
  const parts: string[] = [];
  for (const application of APPLICATIONS) {
    const rows = own.map(({ prompts, texts, pictureFiles }, i) => {
      const chosen = prompts.flatMap((prompt, p) =>
        prompt.application === application ? [p] : [],
      );
      return {
        files: [subjects[i]!.photoFiles[0]!, ...chosen.map((p) => pictureFiles[p]![0]!)],
        captions: ['photo', ...chosen.map((p) => texts[p]!)],
      };
    });
    if (rows.every(({ files }) => files.length < 2)) continue;
    const name = `${application}.webp`;
    const files = rows.flatMap((row) => row.files);
    const sheet = await writeSheet(path.join(dir, name), name, files, 10);
    let next = 0;
    const figures = rows.map(({ captions }) => {
      const row = captions.map((caption) => tileFigure(sheet.tiles[next++]!, caption));
      return `<div class="tiles">${row.join('')}</div>`;
    });
    parts.push(`<h3>${application}</h3>${figures.join('')}`);
  }
  return `<h2>Applications</h2>${parts.join('')}`;
}

/** Pictures of the subject, and of its class, that each variant shows on the comparison sheet. */
const SHOWN = 3;

async function comparisonSheet(dir: string, evaluation: Evaluation): Promise<string> {
  const { subjects, variants, results } = evaluation;
  if (variants.length < 2) return '';
  const shown = variants.flatMap((variant, v) => (variant.amount === undefined ? [v] : []));
  const rows = subjects.flatMap((_, i) =>
    shown.map((v) => {
      const { texts, pictureFiles, classPictureFiles } = results[v]![i]!;
      return {
        label: variants[v]!.label,
        subject: i,
        files: [
          ...pictureFiles.slice(0, SHOWN).map((files) => files[0]!),
          ...classPictureFiles.slice(0, SHOWN),
        ],
        captions: [
          ...texts.slice(0, SHOWN),
          ...classPictureFiles.slice(0, SHOWN).map(() => `a ${subjects[i]!.classNoun}`),
        ],
      };
    }),
  );
  const name = 'comparison.webp';
  const files = rows.flatMap((row) => row.files);
  const sheet = await writeSheet(path.join(dir, name), name, files, 2 * SHOWN);
  let next = 0;
  const html = rows.map(({ label, subject, captions }) => {
    const figures = captions.map((caption) => tileFigure(sheet.tiles[next++]!, caption));
    return `<p>${escapeMarkup(subjects[subject]!.name)}: <b>${escapeMarkup(label)}</b></p><div class="tiles">${figures.join('')}</div>`;
  });
  return `<h2>Comparison</h2>${html.join('')}`;
}

/** Captions that the base's report shows. */
const SHOWN_CAPTIONS = 64;

/** Writes the report of the base alone. @returns the HTML file */
export async function writeBaseReport(
  dir: string,
  facts: ReportFacts,
  accuracy: BaseAccuracy,
  captions: readonly string[],
  pictureFiles: readonly string[],
): Promise<string> {
  mkdirSync(dir, { recursive: true });
  const name = 'captions.webp';
  const shown = pictureFiles.slice(0, SHOWN_CAPTIONS);
  const sheet = await writeSheet(path.join(dir, name), name, shown, 8);
  const proportionCell = (value: Proportion | undefined): string =>
    value === undefined
      ? '<td>–'
      : `<td class="number">${formatNumber(value.share)}<br><small>${formatNumber(value.low)} … ${formatNumber(value.high)}, ${value.count} asked</small>`;
  const rows = Object.keys(accuracy.all).map((attribute) => {
    const key = attribute as keyof typeof accuracy.all;
    const target = BASE_TARGETS[key];
    return `<tr><td>${escapeMarkup(attribute)}${[accuracy.all, accuracy.seen, accuracy.unseen].map((part) => proportionCell(part[key])).join('')}<td>${target === undefined ? '' : `≥ ${target}${accuracy.missed.includes(attribute) ? ' <b>missed</b>' : ''}`}`;
  });
  const decibels = Object.entries(accuracy.autoencoder).map(
    ([name, value]) => `${escapeMarkup(name)} ${formatNumber(value)} dB`,
  );
  const tiles = shown.map((_, i) => tileFigure(sheet.tiles[i]!, captions[i]!));
  const body = `<h2>Does the base draw what a caption says?</h2>
<p>${accuracy.captions} captions that say everything; every second one combines class, place and style as pretraining never did. Shares of pictures in which the readers find what was asked, with 95 % intervals (Wilson).</p>
<table><tr><th>Asked<th>all<th>combinations seen<th>unseen<th>target${rows.join('')}</table>
<p>Pictures that went through the autoencoder and back: ${decibels.join(', ')} (peak signal-to-noise ratio).</p>
<div class="tiles">${tiles.join('')}</div>`;
  const file = path.join(dir, 'base.html');
  writeFileSync(file, page(facts, body));
  return file;
}
