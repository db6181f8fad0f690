/** @file `npm run deploy-commands`: registers the slash commands of the application that the environment names. */
import { deployCommands } from './commands/deploy.ts';
import { readDeployConfig } from './config.ts';

const config = readDeployConfig();
const count = await deployCommands({
  token: config.DISCORD_TOKEN,
  applicationId: config.DISCORD_APPLICATION_ID,
  apiUrl: config.DISCORD_API_URL,
});
process.stdout.write(`${count} commands registered. Discord may take a minute to show them.\n`);
