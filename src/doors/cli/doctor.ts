import type { Command } from 'commander';
import type { ResolvedConfig } from '../../base/kit/config.ts';
import type { System } from '../../contract/system.ts';
import { type AnswerOptions, addAnswer, alone, type Context } from './command.ts';
import { connectLocal } from './connect.ts';
import {
  checkClock,
  checkDisk,
  checkFolder,
  checkNode,
  checkPorts,
  checkRunner,
  checkStorage,
  type Finding,
  ofFailure,
  ofSystem,
  ok,
} from './doctor-checks.ts';
import type { CliHost } from './host.ts';
import type { Column } from './present.ts';
import { isDataFolder } from './process/data-folder.ts';
import { findRunning } from './process/stopping.ts';
import { loadConfig } from './settings.ts';

type Options = AnswerOptions & { data?: string; config?: string; bundle?: string };

const columns: readonly Column<Finding>[] = [
  ['check', finding => finding.check],
  ['state', finding => finding.state],
  ['detail', finding => finding.detail],
  ['what to do', finding => finding.fix],
];

export function register(program: Command, context: Context): void {
  addAnswer(
    program,
    'doctor',
    'Check Node, ports, disk, store, keys, storage, runners and clock, and say how to fix each',
  )
    .option('--data <folder>', 'data folder (default: the one that npm start uses)')
    .option('--config <file>', 'the file with settings')
    .option('--bundle <file>', 'also write what helps to find a fault into this file, without secrets')
    .action(
      alone<Options>(context, async ({ options, answer }) => {
        const { findings, resolved, system } = await examine(context, options);
        if (findings.some(finding => finding.state === 'problem')) context.exit('findings');
        await answer.list(findings, columns);
        if (options.bundle === undefined) return;
        const { writeBundle } = await import('./doctor-bundle.ts');
        await writeBundle(options.bundle, { context, findings, resolved, system });
        await answer.remark(`Wrote ${options.bundle}. Read it before you send it to anybody.`);
      }),
    );
}

interface Examination {
  findings: Finding[];
  resolved: ResolvedConfig | undefined;
  system: System | undefined;
}

/** Every check is made, whatever the others find. */
async function examine(context: Context, { data, config }: Options): Promise<Examination> {
  const flags = { ...(data !== undefined && { data }), ...(config !== undefined && { config }) };
  const node = checkNode(process.version);
  try {
    const { host } = context;
    const { package_folder } = host;
    const resolved = loadConfig(flags, { ...context.terminal, package_folder });
    const machine = await examineMachine(resolved, host);
    const installation = await examineInstallation(context, resolved);
    // What the server sees of the same thing is nearer to the truth: its disk, its rights.
    const seen = new Set(installation.findings.map(finding => finding.check));
    const own = machine.filter(finding => !seen.has(finding.check));
    return { findings: [node, ...own, ...installation.findings], resolved, system: installation.system };
  } catch (error) {
    return { findings: [node, ofFailure('configuration', error)], resolved: undefined, system: undefined };
  }
}

async function examineMachine(resolved: ResolvedConfig, host: CliHost): Promise<Finding[]> {
  const { data } = resolved.config;
  return Promise.all([
    ok('configuration', settingsText(resolved)),
    checkFolder(data),
    checkDisk(data),
    checkPorts(resolved, findRunning(data)),
    checkStorage(resolved, () => host.tryStorage(resolved)),
    checkRunner(() => host.tryRunner(resolved)),
    checkClock(Date.now(), host.package_folder, data),
  ]);
}

/** The store and the keys prove themselves by being opened: in the server that runs, else in this process. */
async function examineInstallation(context: Context, resolved: ResolvedConfig) {
  if (!isDataFolder(resolved.config.data))
    return { findings: [ok('installation', 'not started yet: moulin start')], system: undefined };
  try {
    const { client, close } = await connectLocal(context.host, resolved);
    try {
      const system = await client['system.show']();
      return { findings: ofSystem(system), system };
    } finally {
      await close();
    }
  } catch (error) {
    return { findings: [ofFailure('installation', error)], system: undefined };
  }
}

function settingsText({ entries }: ResolvedConfig): string {
  const given = entries.filter(entry => entry.origin !== 'default').map(entry => entry.key);
  return given.length === 0 ? 'all defaults' : `given: ${given.join(', ')}`;
}
