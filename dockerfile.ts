/** @file Reads a Dockerfile into instructions, for the tests that hold the deployment together. */

/** One instruction, continued lines joined. */
export type Instruction = { name: string; text: string };

/** @returns the instructions in order, without comments */
export function parseDockerfile(source: string): Instruction[] {
  return source
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('#'))
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => {
      const [name = '', ...rest] = line.split(/\s+/);
      return { name: name.toUpperCase(), text: rest.join(' ') };
    });
}

/** @returns the sources and the target of a COPY from the build context; undefined for any other instruction */
export function readCopy({
  name,
  text,
}: Instruction): { sources: string[]; target: string } | undefined {
  if (name !== 'COPY' || text.startsWith('--from=')) return undefined;
  const paths = text.split(' ');
  return { sources: paths.slice(0, -1), target: paths.at(-1) ?? '' };
}
