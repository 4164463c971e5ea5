import { parseArgs } from 'node:util';
import { crash } from '../tests/crash/tasks/driver.ts';

// npm run crash -- --kills N [--seed S] [--keep]: kills processes of a running installation and checks an independent ledger.
// The last line says what was found; the exit code is 0 when nothing was lost, doubled or untrue.

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '100' },
    seed: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000));
console.log(`Seed ${seed}: the same one gives the same plans and the same choice of kills.`);
const report = await crash({
  kills: Number(values.kills),
  seed,
  keep: values.keep,
  say: text => console.log(text),
});
for (const kind of ['lost', 'doubled', 'untruthful'] as const)
  for (const complaint of report[kind].slice(0, 50)) console.log(`${kind}: ${complaint}`);
const { by_part, starts, runs, attempts, cancelled, slowest_truth_ms, seconds } = report;
console.log(
  `${seconds} s, ${starts} starts, ${runs} runs (${cancelled} cancelled), ${attempts} attempts, slowest truth ${slowest_truth_ms} ms; killed: ${JSON.stringify(by_part)}`,
);
const [lost, doubled, untruthful] = [report.lost, report.doubled, report.untruthful].map(
  ({ length }) => length,
);
console.log(
  `${report.kills} kills, ${report.tasks} tasks, ${lost} lost, ${doubled} doubled, ${untruthful} untruthful`,
);
process.exitCode = lost || doubled || untruthful ? 1 : 0;
