import type { Command } from 'commander';
import { fail } from '../../base/kit/errors.ts';
import { configKeys } from '../../contract/config.ts';
import { type Answer, type AnswerOptions, addAnswer, addNoun, alone, type Context } from './command.ts';
import { flagsOf, withConfigOptions, wordsOf } from './config-options.ts';
import { launchdPlist, type ServicePlan, systemdUnit } from './process/service-file.ts';
import {
  findService,
  type InstalledService,
  installService,
  managerCommands,
  planService,
  removeService,
  requireManager,
  runCommands,
} from './process/services.ts';
import { loadConfig } from './settings.ts';

type Options = AnswerOptions & { name: string; start?: boolean };

export function register(program: Command, context: Context): void {
  const noun = addNoun(program, 'service', 'Moulin as a service of this account (systemd, launchd)');
  const name = ['--name <name>', 'name of the service', 'moulin'] as const;

  const install = addAnswer(noun, 'install', 'Start Moulin with this account, and again when it fails')
    .option(...name)
    .option('--no-start', 'only write the file');
  withConfigOptions(install, configKeys).action(
    alone<Options>(context, async ({ options, answer }) => {
      const service = installService(planOf(context, options), context.terminal.env);
      await answer.text(`Wrote ${service.file}`);
      if (options.start !== false) await tellManager(answer, service, 'start');
      if (service.manager === 'systemd')
        await answer.remark('It runs while you are signed in. To run it always: loginctl enable-linger');
    }),
  );

  withConfigOptions(
    addAnswer(noun, 'show', 'The file that install would write').option(...name),
    configKeys,
  ).action(
    alone<Options>(context, async ({ options, answer }) => {
      const plan = planOf(context, options);
      await answer.text((requireManager() === 'systemd' ? systemdUnit(plan) : launchdPlist(plan)).trimEnd());
    }),
  );

  withConfigOptions(addAnswer(noun, 'uninstall', 'Stop the service and remove its file'), configKeys).action(
    alone<Options>(context, async ({ options, answer }) => {
      requireManager();
      const { data } = configOf(context, options);
      const service = findService(data, context.terminal.env);
      if (!service) throw fail('service.absent', { data });
      await tellManager(answer, service, 'stop');
      removeService(service);
      runCommands(managerCommands(service, 'forget'));
      await answer.text(`Removed ${service.file}`);
    }),
  );
}

function configOf({ terminal, host }: Context, options: Options) {
  return loadConfig(flagsOf(options, configKeys), { ...terminal, package_folder: host.package_folder })
    .config;
}

/** The folder is written out: a service starts in no folder of yours. */
function planOf(context: Context, options: Options): ServicePlan {
  const { data } = configOf(context, options);
  const { data: _, ...flags } = flagsOf(options, configKeys);
  const { terminal, host } = context;
  const words = ['--data', data, ...wordsOf(flags)];
  return planService({
    name: options.name,
    package_folder: host.package_folder,
    data,
    flags: words,
    env: terminal.env,
  });
}

/** Without a session of the manager (containers, ssh without one) the file stands, and the person gets the commands. */
async function tellManager(answer: Answer, service: InstalledService, what: 'start' | 'stop'): Promise<void> {
  const commands = managerCommands(service, what);
  const said = runCommands(commands);
  if (said === undefined) return answer.text(what === 'start' ? 'Started.' : 'Stopped.');
  const lines = commands.map(command => `  ${command.join(' ')}`).join('\n');
  await answer.text(`The service manager could not be told (${said}). By hand:\n${lines}`);
}
