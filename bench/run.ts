import { readdir, readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type Baseline, meetsGoal, type Recorded, ratio, record, round, thisMachine } from './baseline.ts';
import type { Measure, Result } from './result.ts';

// `npm run bench` lists the benchmarks; `npm run bench -- NAME [--json] [--compare] [--record]` runs one and prints one table.

const BASELINE = new URL('baseline.json', import.meta.url);
const NOT_A_BENCHMARK = /^(run|result|baseline)\.ts$|\.test\.ts$/;
const USAGE = 'npm run bench -- NAME [--json] [--compare] [--record]';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean' }, compare: { type: 'boolean' }, record: { type: 'boolean' } },
});

const [name] = positionals;
const names = await benchmarks();
if (name === undefined) await list(names);
else if (!names.includes(name)) refuse(name);
else await runOne(name);

async function benchmarks(): Promise<string[]> {
  const files = await readdir(import.meta.dirname);
  return files
    .filter(file => file.endsWith('.ts') && !NOT_A_BENCHMARK.test(file))
    .map(file => file.slice(0, -3))
    .sort();
}

async function list(names: readonly string[]): Promise<void> {
  console.log(`${USAGE}\n`);
  const width = Math.max(...names.map(({ length }) => length));
  for (const one of names) console.log(`  ${one.padEnd(width)}  ${await firstComment(one)}`);
}

/** The first line of a benchmark is a comment that says what it measures. */
async function firstComment(name: string): Promise<string> {
  const text = await readFile(new URL(`${name}.ts`, import.meta.url), 'utf8');
  return /^\/\/ (.*)/m.exec(text)?.[1] ?? '';
}

function refuse(name: string): void {
  console.error(`There is no benchmark "${name}". There are: ${names.join(', ')}.`);
  process.exitCode = 2;
}

async function runOne(name: string): Promise<void> {
  const { default: run }: { default: () => Promise<Result> } = await import(`./${name}.ts`);
  const result = await run();
  const baseline = await readBaseline();
  if (options.json) console.log(JSON.stringify(toJson(name, result, baseline[name]), null, 2));
  else console.log(toTable(result, options.compare ? baseline[name] : undefined));
  if (options.compare && !baseline[name]) console.error(`\n${name} was never recorded: add --record.`);
  if (options.record) await writeBaseline({ ...baseline, [name]: record(result, today(), thisMachine()) });
}

function toJson(name: string, { title, rows }: Result, recorded: Recorded | undefined) {
  const measured = rows.map(row => ({ ...row, meets_goal: meetsGoal(row), ratio: ratio(row, recorded) }));
  return { name, title, machine: thisMachine(), rows: measured, baseline: recorded };
}

function toTable({ title, rows }: Result, recorded: Recorded | undefined): string {
  const head = ['', 'value', 'goal', ...(recorded ? ['recorded', 'times better'] : [])];
  const lines = [head, ...rows.map(row => cells(row, recorded))];
  const widths = head.map((_, at) => Math.max(...lines.map(line => line[at]?.length ?? 0)));
  const text = lines.map(line =>
    line
      .map((cell, at) => pad(cell, widths[at] ?? 0, at))
      .join('   ')
      .trimEnd(),
  );
  const where = recorded
    ? [`\nrecorded ${recorded.date} on ${recorded.machine.processor}, ${recorded.machine.cores} cores`]
    : [];
  return [`\n${title}\n`, ...text, ...where].join('\n');
}

function cells(row: Measure, recorded: Recorded | undefined): string[] {
  const times = ratio(row, recorded);
  const before = recorded?.values[row.what];
  return [
    row.what,
    withUnit(row.value, row.unit),
    goalText(row),
    ...(recorded
      ? [before === undefined ? '' : withUnit(before, row.unit), times === undefined ? '' : times.toFixed(2)]
      : []),
  ];
}

function goalText(row: Measure): string {
  if (row.goal === undefined) return '';
  return `${row.better === 'lower' ? '≤' : '≥'} ${withUnit(row.goal, row.unit)} ${meetsGoal(row) ? '✔' : '✖'}`;
}

function withUnit(value: number, unit: string): string {
  return `${round(value).toLocaleString('en')} ${unit}`;
}

/** Words to the left, figures to the right. */
function pad(cell: string, width: number, column: number): string {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}

async function readBaseline(): Promise<Baseline> {
  return JSON.parse(await readFile(BASELINE, 'utf8'));
}

async function writeBaseline(baseline: Baseline): Promise<void> {
  const sorted = Object.fromEntries(Object.entries(baseline).sort(([a], [b]) => a.localeCompare(b)));
  await writeFile(BASELINE, `${JSON.stringify(sorted, null, 2)}\n`);
}

function today(): string {
  return new Date().toISOString().slice(0, 10);
}
