import { Command, CommanderError } from 'commander';
import type { Context } from './command.ts';
import { COMMANDS, type CommandLine } from './commands.ts';
import { EXIT_CODES, type ExitName, exitCodeOf } from './exit-codes.ts';
import type { CliHost } from './host.ts';
import { processTerminal, type Terminal, write } from './terminal.ts';

export { EXIT_CODES } from './exit-codes.ts';
export type {
  CliHost,
  Listening,
  LoneWorker,
  OpenInstance,
  OpeningOptions,
  Restored,
  Supervised,
} from './host.ts';

/** Runs one command; the answer is the exit code. */
export async function runCli(
  argv: readonly string[],
  host: CliHost,
  terminal: Terminal = processTerminal(),
): Promise<number> {
  let exit: ExitName = 'ok';
  const context: Context = {
    host,
    terminal,
    exit: name => {
      exit = name;
    },
    wholeProgram: () => wholeProgram(context),
  };
  try {
    const program = await programFor(argv, context);
    await program.parseAsync([...argv], { from: 'user' });
    return exitCodeOf(exit);
  } catch (error) {
    return sayFailure(error, argv, terminal);
  }
}

/** The whole tree of commands: for completion, for the reference, and for the test that all is documented. */
export async function wholeProgram(context: Context): Promise<Command> {
  const program = emptyProgram(context);
  const files = await Promise.all(COMMANDS.map(line => line.load()));
  for (const file of files) file.register(program, context);
  return program;
}

/** Loads the one file that the first word asks for; of all others only the name and the summary are known. */
async function programFor(argv: readonly string[], context: Context): Promise<Command> {
  const [first, second] = argv.filter(argument => !argument.startsWith('-'));
  const asked = lineOf(first === 'help' ? second : first);
  const program = emptyProgram(context);
  const file = await asked?.load();
  for (const line of COMMANDS)
    if (line === asked) file?.register(program, context);
    else addName(program, line);
  return program;
}

function lineOf(word: string | undefined): CommandLine | undefined {
  return COMMANDS.find(line => word !== undefined && (line.name === word || line.alias === word));
}

function addName(program: Command, line: CommandLine): void {
  const command = program.command(line.name).summary(line.summary);
  if (line.alias) command.alias(line.alias);
}

function emptyProgram(context: Context): Command {
  const { stdout, stderr } = context.terminal;
  return new Command('moulin')
    .description('Moulin, the data platform that starts with one command.')
    .version(context.host.version, '--version', 'print the version')
    .helpOption('--help', 'print help')
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({ writeOut: text => void stdout.write(text), writeErr: text => void stderr.write(text) })
    .addHelpText('after', exitCodeHelp);
}

function exitCodeHelp({ command }: { command: Command }): string {
  if (command.parent) return '';
  const lines = Object.values(EXIT_CODES).map(
    ({ code, meaning }) => `  ${String(code).padStart(3)}  ${meaning}`,
  );
  return `\nExit codes:\n${lines.join('\n')}\n`;
}

async function sayFailure(error: unknown, argv: readonly string[], terminal: Terminal): Promise<number> {
  // Commander has printed the help or the usage error itself.
  if (error instanceof CommanderError) return exitCodeOf(error.exitCode === 0 ? 'ok' : 'usage');
  const { tell, toText } = await import('./problems.ts');
  const { problem, exit } = tell(error);
  await write(terminal.stderr, `${wantsJson(argv) ? JSON.stringify(problem) : toText(problem)}\n`);
  return exitCodeOf(exit);
}

/** A program that reads JSON also wants its failures as JSON. */
function wantsJson(argv: readonly string[]): boolean {
  return (
    argv.includes('--json') ||
    argv.some((word, at) => word === 'json' && /^(-o|--format)$/.test(argv[at - 1] ?? ''))
  );
}
