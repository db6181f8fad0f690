/** @file Every command there is. */
import type { Command, MessageCommand } from './command.ts';
import { config } from './config.ts';
import { defaults } from './defaults.ts';
import { gallery } from './gallery.ts';
import { help } from './help.ts';
import { imageInfo } from './image-info.ts';
import { imagine } from './imagine.ts';
import { jobs } from './jobs.ts';
import { preset } from './preset.ts';
import { remix } from './remix.ts';
import { report } from './report.ts';
import { subject } from './subject.ts';
import { train } from './train.ts';
import { upscale } from './upscale.ts';
import { vary } from './vary.ts';

export const commands = [
  train,
  imagine,
  preset,
  vary,
  upscale,
  subject,
  defaults,
  jobs,
  gallery,
  config,
  help,
] as const satisfies readonly Command[];

export const messageCommands = [
  imageInfo,
  remix,
  report,
] as const satisfies readonly MessageCommand[];
