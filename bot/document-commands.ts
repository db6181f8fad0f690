/** @file `npm run docs`: writes docs/commands.md. */
import { writeFileSync } from 'node:fs';
import { describeCommands } from './commands/describe-commands.ts';
import { commands, messageCommands } from './commands/index.ts';

writeFileSync(
  new URL('../docs/commands.md', import.meta.url),
  describeCommands(commands, messageCommands),
);
