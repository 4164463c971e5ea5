import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

// `npm run check`: types, lint and format, and whether every generated file is fresh. Shows only what is wrong.

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const TSC = 'node_modules/typescript/bin/tsc';
const BIOME = 'node_modules/@biomejs/biome/bin/biome';

interface Check {
  title: string;
  args: readonly string[];
}

interface Outcome extends Check {
  ok: boolean;
  seconds: number;
  output: string;
}

function allChecks(): Check[] {
  const projects = globSync('{.,web,scripts/*,tests/*}/tsconfig.json', { cwd: ROOT }).sort();
  const generators = globSync('scripts/generate-*.ts', { cwd: ROOT }).sort();
  return [
    ...projects.map(path => ({ title: `types: ${path}`, args: [TSC, '--noEmit', '-p', path] })),
    { title: 'lint and format', args: [BIOME, 'ci', '--colors=off', '--error-on-warnings', '.'] },
    ...generators.map(path => ({ title: `fresh: ${path}`, args: [path, '--check'] })),
  ];
}

async function run(check: Check): Promise<Outcome> {
  const started = performance.now();
  const child = spawn(process.execPath, check.args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<boolean>((done, failed) => {
    child.once('error', failed).once('close', code => done(code === 0));
  });
  const [ok, ...output] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { ...check, ok, seconds: (performance.now() - started) / 1000, output: output.join('').trim() };
}

/** The long ones first, as many at once as there are processors. */
async function runAll(checks: readonly Check[]): Promise<Outcome[]> {
  const waiting = [...checks];
  const outcomes: Outcome[] = [];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const outcome = await run(next);
      outcomes.push(outcome);
      console.log(`${outcome.ok ? '✔' : '✖'} ${outcome.title} (${outcome.seconds.toFixed(1)} s)`);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return outcomes;
}

const failed = (await runAll(allChecks())).filter(({ ok }) => !ok);
for (const { title, output } of failed) console.error(`\n── ${title}\n${output}`);
console.log(failed.length === 0 ? '\nAll is well.' : `\n${failed.length} of the checks failed.`);
if (failed.length > 0) process.exitCode = 1;
