import { type Command, Option } from 'commander';
import { entryOf, type ResolvedConfig } from '../../base/kit/config.ts';
import { isFailure } from '../../base/kit/errors.ts';
import { configKeys } from '../../contract/config.ts';
import type { Context } from './command.ts';
import { flagsOf, withConfigOptions, wordsOf } from './config-options.ts';
import type { Listening } from './host.ts';
import { canShowBrowser, openBrowser } from './process/browser.ts';
import { startDetached } from './process/detached.ts';
import { serveUntilStopped } from './process/serving.ts';
import { loadConfig } from './settings.ts';
import { isInteractive, sayings, write } from './terminal.ts';

type StartOptions = Record<string, unknown> & { detach?: boolean; reportReady?: boolean };

export function register(program: Command, context: Context): void {
  const command = program
    .command('start')
    .summary('Start Moulin here')
    .description(
      'Starts Moulin for a data folder and serves it until Ctrl-C (or, with --detach, until moulin stop).',
    )
    .option('--detach', 'go on in the background once it is ready')
    .addOption(new Option('--report-ready').hideHelp());
  withConfigOptions(command, configKeys).action(async (options: StartOptions) => start(context, options));
}

async function start(context: Context, options: StartOptions): Promise<void> {
  const { terminal, host } = context;
  const flags = flagsOf(options, configKeys);
  const resolved = loadConfig(flags, { ...terminal, package_folder: host.package_folder });
  const say = (text: string) => write(terminal.stderr, `${text}\n`);
  for (const warning of resolved.warnings) await say(warning);
  try {
    if (options.detach)
      await write(terminal.stdout, await startDetached(resolved.config.data, wordsOf(flags)));
    else await serve(context, resolved, options.reportReady === true);
  } catch (error) {
    // What was asked for is so already: no failure, and npm has nothing to complain about.
    if (!isFailure(error, 'data.running')) throw error;
    await write(terminal.stdout, `${error.message}\n`);
    showBrowser(context, resolved, String(error.params.url));
  }
}

async function serve(context: Context, resolved: ResolvedConfig, report: boolean): Promise<void> {
  const { terminal, host } = context;
  const { say, waiting } = sayings(terminal);
  // Who sent it into the background waits for an answer, and cannot see what it waits for.
  await serveUntilStopped(
    terminal,
    () => host.supervise(resolved, report ? { say } : { say, waiting }),
    async instance => tellReady(context, resolved, await instance.listen(), report),
  );
}

async function tellReady(
  context: Context,
  resolved: ResolvedConfig,
  listening: Listening,
  report: boolean,
): Promise<void> {
  const text = readyText(context.host.version, resolved, listening);
  if (report && process.send) {
    process.send({ ready: text });
    process.disconnect();
    return;
  }
  await write(context.terminal.stdout, text);
  showBrowser(context, resolved, listening.url);
}

/** All that a person needs at that moment. The link is shown here and nowhere else. */
export function readyText(version: string, resolved: ResolvedConfig, listening: Listening): string {
  const { url, first_admin, moved_from } = listening;
  const lines = [
    '',
    `  Moulin ${version} is ready: ${url}`,
    ...(moved_from === undefined
      ? []
      : [`  Port ${moved_from} was taken; this folder now uses its own pair.`]),
    ...(first_admin
      ? ['', '  Become its first admin with this link, which works once:', `  ${first_admin.url}`]
      : []),
    '',
    `  Data: ${entryOf(resolved, 'data')?.value}`,
    '',
  ];
  return `${lines.join('\n')}\n`;
}

function showBrowser({ terminal }: Context, { config }: ResolvedConfig, url: string): void {
  const is_terminal = isInteractive(terminal) && terminal.stdout.isTTY === true;
  if (config.open && canShowBrowser({ platform: process.platform, env: terminal.env, is_terminal }))
    openBrowser(url);
}
