/** @file Every command there is. */
import type { Command } from './command.ts';
import { config } from './config.ts';
import { gallery } from './gallery.ts';
import { imagine } from './imagine.ts';
import { subject } from './subject.ts';
import { train } from './train.ts';

export const commands = [
  train,
  imagine,
  subject,
  gallery,
  config,
] as const satisfies readonly Command[];
