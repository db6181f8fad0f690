/**
 * @file Starts a TypeScript entry on a machine that has only Node and npm: installs what the lockfile
 * names when it is not there yet, then hands over. Plain JavaScript, because nothing is installed.
 *
 *   node bootstrap.mjs playground/demo.ts [arguments]
 *   node bootstrap.mjs test
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(fileURLToPath(import.meta.url));
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Node ${process.versions.node} is too old: install Node 20.19 or newer.`);
  process.exit(1);
}

/** Runs a command in the repository; its output is shown. */
function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
    ...options,
  });
  if (error) throw error;
  return status ?? 1;
}

function modified(file) {
  try {
    return statSync(path.join(root, file)).mtimeMs;
  } catch {
    return undefined;
  }
}

// npm writes this file last, so it is there only after a whole install.
const installed = modified('node_modules/.package-lock.json');
if (installed === undefined || installed < (modified('package-lock.json') ?? 0)) {
  console.log('Installing dependencies (npm ci) …');
  const status = run('npm', ['ci', '--no-audit', '--no-fund']);
  if (status !== 0) process.exit(status);
}

const bin = (name) => path.join(root, 'node_modules', '.bin', name);
const [entry, ...rest] = process.argv.slice(2);
if (entry === 'test') process.exit(test());
process.exit(run(bin('tsx'), [entry, ...rest], { cwd: process.cwd() }));

/** Lint, types, unit and integration tests; ends with one line that counts the tests. */
function test() {
  const failures = [];
  if (run(bin('biome'), ['check', '.']) !== 0) failures.push('lint');
  if (run(bin('tsc'), ['--noEmit']) !== 0) failures.push('types');

  const reports = mkdtempSync(path.join(tmpdir(), 'rendition-test-'));
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const project of ['unit', 'integration', 'alone']) {
    const report = path.join(reports, `${project}.json`);
    const args = [
      'run',
      '--project',
      project,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
    ];
    if (run(bin('vitest'), args) !== 0) failures.push(`${project} tests`);
    try {
      const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(
        readFileSync(report, 'utf8'),
      );
      counts.passed += numPassedTests;
      counts.failed += numFailedTests;
      counts.skipped += numPendingTests;
      failures.push(...testResults.flatMap(failedTests));
    } catch {
      failures.push(`${project} tests wrote no report`);
    }
  }
  rmSync(reports, { recursive: true });
  // Last, so that the end of a log says what failed.
  if (failures.length > 0) console.log(`Not passed:\n${failures.map((f) => `- ${f}`).join('\n')}`);
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  return failures.length === 0 ? 0 : 1;
}

/** Of one test file in vitest's JSON report: what failed, each with its error. */
function failedTests({ name, status, message, assertionResults }) {
  const file = path.relative(root, name);
  const failed = assertionResults
    .filter((result) => result.status === 'failed')
    .map(({ fullName, failureMessages }) => `${file} > ${fullName}\n${failureMessages.join('\n')}`);
  // A file that cannot be read, or whose hooks fail, fails without a test.
  return failed.length === 0 && status === 'failed' ? [`${file}\n${message}`] : failed;
}
