import { globSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { run } from 'node:test';
import { spec, type TestEvent } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

// `npm test`: every test there is; `npm test -- PATH…`: those files and folders. One line for each file, node:test's
// own report of what failed, its summary, and a last line for programs: "N passed, N failed".

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const TESTS = '{src,tests,web/src,web/build,scripts,bench}/**/*.test.ts';
/** These take longest: begun first, they do not leave one processor idle at the end. */
const LONG = /^tests\/(package|launch|e2e|crash)\//;
/** No file needs this long, unless said; one that hangs must not hold up everything. */
const MINUTES = '10';

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

function chooseFiles(paths: readonly string[]): string[] {
  if (paths.length === 0) return inOrder(globSync(TESTS, { cwd: ROOT }));
  const chosen = paths.flatMap(path => {
    const absolute = resolve(path);
    if (!statSync(absolute).isDirectory()) return [relative(ROOT, absolute)];
    return globSync('**/*.test.ts', { cwd: absolute, exclude: ['**/node_modules/**'] }).map(file =>
      relative(ROOT, join(absolute, file)),
    );
  });
  return inOrder(chosen);
}

function inOrder(files: readonly string[]): string[] {
  const rank = (file: string) => (LONG.test(file) ? 0 : 1);
  return [...new Set(files)].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
}

async function runAll(
  files: readonly string[],
  limits: { concurrency: number; timeout: number },
): Promise<Counts> {
  const events = run({
    cwd: ROOT,
    files: files.map(file => join(ROOT, file)),
    ...limits,
  });
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  const report = Readable.from(select(events, counts)).compose(new spec());
  for await (const text of report) process.stdout.write(text);
  return counts;
}

/** What is shown: a line for each file as it ends, what failed, the summary. What a test printed only when it failed. */
async function* select(events: AsyncIterable<TestEvent>, counts: Counts): AsyncGenerator<TestEvent> {
  const printed = new Map<string, string>();
  for await (const event of events) {
    switch (event.type) {
      case 'test:stdout':
      case 'test:stderr':
        printed.set(event.data.file, (printed.get(event.data.file) ?? '') + event.data.message);
        break;
      case 'test:summary': {
        const { file, counts: found } = event.data;
        if (file === undefined) {
          sum(counts, found);
          yield event;
          break;
        }
        showFile(file, event.data, printed.get(file) ?? '');
        printed.delete(file);
        break;
      }
      case 'test:fail':
      case 'test:diagnostic':
        yield event;
        break;
    }
  }
  // A file that could not even be loaded has no summary; what it printed says why.
  for (const text of printed.values()) console.log(text.trimEnd());
}

interface Summary {
  success: boolean;
  duration_ms: number;
  counts: { tests: number; passed: number; cancelled: number; skipped: number; todo: number };
}

function showFile(file: string, { success, duration_ms, counts }: Summary, printed: string): void {
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
  const seconds = (duration_ms / 1000).toFixed(1);
  console.log(
    `${success ? '✔' : '✖'} ${relative(ROOT, file)} (${counts.tests} tests${skipped}, ${seconds} s)`,
  );
  if (!success && printed.trim() !== '') console.log(printed.trimEnd());
}

function sum(into: Counts, { tests, passed, skipped, todo }: Summary['counts']): void {
  into.passed = passed;
  into.skipped = skipped + todo;
  // What was cancelled did not pass either.
  into.failed = tests - passed - skipped - todo;
}

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { concurrency: { type: 'string' }, minutes: { type: 'string', default: MINUTES } },
});
const files = chooseFiles(positionals);
const { passed, failed, skipped } = await runAll(files, {
  concurrency: Number(options.concurrency ?? availableParallelism()),
  timeout: Number(options.minutes) * 60_000,
});
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
