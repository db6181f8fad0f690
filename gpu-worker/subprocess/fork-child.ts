/** @file How child processes that run models are started: as TypeScript, with the environment that devices need. */
import { type ChildProcess, type ForkOptions, fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/** Paths and device choices; no token, key or database URL reaches a child. */
const PASSED_VARIABLES =
  /^(PATH|HOME|TMPDIR|TEMP|TMP|SystemRoot|LD_LIBRARY_PATH|XDG_RUNTIME_DIR|VK_\w+|CUDA_\w+|NVIDIA_\w+|OMP_\w+)$/;

/** Starts a child; its errors can be read from `stderr`, and it has a channel for messages. */
export function forkChild(
  file: string,
  args: readonly string[] = [],
  options: ForkOptions = {},
): ChildProcess {
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  return fork(file, args, {
    // Not the parent's own flags: an --inspect port or a test runner's hooks have no place here.
    execArgv: ['--import', tsx],
    env: Object.fromEntries(
      Object.entries(process.env).filter(([name]) => PASSED_VARIABLES.test(name)),
    ),
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    ...options,
  });
}
