import { writeFile } from 'node:fs/promises';
import { type Command, type CommandOptions, Option } from 'commander';
import { fail } from '../../base/kit/errors.ts';
import { type Connection, connect } from './connect.ts';
import type { ExitName } from './exit-codes.ts';
import type { CliHost } from './host.ts';
import { type Column, FORMATS, type Format, type Paper, renderList, renderObject } from './present.ts';
import { isInteractive, type Terminal, write } from './terminal.ts';

/** What every command file receives. */
export interface Context {
  host: CliHost;
  terminal: Terminal;
  /** The code the process ends with when nothing throws; a command sets it when it worked and found something. */
  exit(name: ExitName): void;
  /** Every command, loaded: for completion. */
  wholeProgram(): Promise<Command>;
}

/** Options of every command that answers something. */
export interface AnswerOptions {
  format: Format;
  json?: boolean;
  output?: string;
}

/** Options of every command that talks to an installation. */
export interface ClientOptions extends AnswerOptions {
  url?: string;
  data?: string;
  profile?: string;
  workspace?: string;
}

/** A noun and its plural; the verbs go below it. */
export function addNoun(program: Command, name: string, summary: string, plural = `${name}s`): Command {
  return program.command(name).alias(plural).summary(summary).description(summary);
}

/** A command that answers something, without any installation. */
export function addAnswer(
  parent: Command,
  usage: string,
  summary: string,
  options: CommandOptions = {},
): Command {
  return addVerb(parent, usage, summary, options)
    .addOption(
      new Option('-o, --format <format>', 'how to print the answer').choices(FORMATS).default('table'),
    )
    .option('--json', 'the same as -o json')
    .option('--output <file>', 'write the answer into this file');
}

/** A command that talks to an installation. */
export function addClient(parent: Command, usage: string, summary: string): Command {
  return addAnswer(parent, usage, summary)
    .option('--workspace <slug>', 'workspace to act in (locally: main, unless said)')
    .option('--data <folder>', 'talk to the installation of this data folder')
    .option('--url <address>', 'talk to the server at this address, with the token in MOULIN_TOKEN')
    .option('--profile <name>', 'talk to the server of this sign-in (moulin login)');
}

function addVerb(parent: Command, usage: string, summary: string, options: CommandOptions): Command {
  const command = parent.command(usage, options).summary(summary).description(summary);
  return command.name() === 'add' ? command.alias('create') : command;
}

export interface Call<Options> extends Connection {
  options: Options;
  answer: Answer;
}

/** The action of a command that needs an installation: connected before it, closed after it, whatever happens. */
export function connected<Options extends ClientOptions, Args extends (string | undefined)[] = string[]>(
  context: Context,
  work: (call: Call<Options>, ...args: Args) => Promise<void>,
  connectTo = (options: Options) => connect(context.host, context.terminal, options),
): (...given: unknown[]) => Promise<void> {
  return async (...given) => {
    const { options, args } = takeApart<Options, Args>(given);
    const connection = await connectTo(options);
    try {
      await work({ ...connection, options, answer: answerOf(context, options) }, ...args);
    } finally {
      await connection.close();
    }
  };
}

/** The action of a command that needs none. */
export function alone<Options extends AnswerOptions, Args extends (string | undefined)[] = string[]>(
  context: Context,
  work: (call: { options: Options; answer: Answer }, ...args: Args) => Promise<void>,
): (...given: unknown[]) => Promise<void> {
  return async (...given) => {
    const { options, args } = takeApart<Options, Args>(given);
    await work({ options, answer: answerOf(context, options) }, ...args);
  };
}

/** Commander calls an action with the arguments, the options and the command. */
function takeApart<Options, Args>(given: unknown[]): { options: Options; args: Args } {
  return { options: given.at(-2) as Options, args: given.slice(0, -2) as Args };
}

// ── Answers ─────────────────────────────────────────────────────────────────────────────────────────

/** Where the answer goes: standard output or a file. Remarks go to standard error, so that a pipe gets only the answer. */
export interface Answer {
  list<T>(items: readonly T[], columns: readonly Column<T>[]): Promise<void>;
  object<T>(item: T, columns: readonly Column<T>[]): Promise<void>;
  text(text: string): Promise<void>;
  bytes(source: AsyncIterable<Uint8Array>): Promise<void>;
  /** For people only: nothing is said to a program that reads JSON or CSV. */
  remark(text: string): Promise<void>;
  /** Said in any case, beside the answer. */
  warn(text: string): Promise<void>;
  format: Format;
}

export function answerOf(context: Context, options: AnswerOptions): Answer {
  const { terminal } = context;
  const format = options.json ? 'json' : options.format;
  const width = options.output === undefined && terminal.stdout.isTTY ? terminal.stdout.columns : undefined;
  const paper: Paper = { format, width };
  const text = async (content: string) =>
    options.output === undefined
      ? write(terminal.stdout, `${content}\n`)
      : save(options.output, `${content}\n`);
  const remark = async (content: string) => {
    if (format === 'table') await write(terminal.stderr, `${content}\n`);
  };
  return {
    format,
    text,
    remark,
    async list(items, columns) {
      await text(renderList(items, columns, paper));
      // Headings alone look like an answer that was cut off.
      if (items.length === 0) await remark('There are none.');
    },
    object: (item, columns) => text(renderObject(item, columns, paper)),
    bytes: async source => {
      if (options.output !== undefined) return save(options.output, source);
      for await (const chunk of source) await write(terminal.stdout, Buffer.from(chunk).toString());
    },
    warn: content => write(terminal.stderr, `${content}\n`),
  };
}

/** Answers may hold tokens and links: nobody else gets to read the file. */
async function save(path: string, content: string | AsyncIterable<Uint8Array>): Promise<void> {
  try {
    await writeFile(path, content, { mode: 0o600 });
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw fail('cli.output_failed', { path, reason }, { cause: error });
  }
}

// ── Asking ──────────────────────────────────────────────────────────────────────────────────────────

/** Before something is destroyed: `--yes`, or a person who says so. */
export async function confirm(context: Context, yes: boolean | undefined, question: string): Promise<void> {
  if (yes) return;
  if (!isInteractive(context.terminal)) throw fail('cli.not_confirmed', { question });
  const prompts = await import('@clack/prompts');
  const answer = await prompts.confirm({ message: question, initialValue: false });
  if (answer !== true) throw fail('cli.not_confirmed', { question });
}

const MAX_INPUT_BYTES = 1024 * 1024;

/** A secret is typed unseen or piped in; an argument would stay in the shell's history and in the list of processes. */
export async function askSecret(context: Context, question: string): Promise<string> {
  const { terminal } = context;
  if (!isInteractive(terminal)) return readInput(terminal);
  const prompts = await import('@clack/prompts');
  const answer = await prompts.password({ message: question });
  if (typeof answer !== 'string') throw fail('cli.not_confirmed', { question });
  return answer;
}

async function readInput(terminal: Terminal): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of terminal.stdin) {
    chunks.push(Buffer.from(chunk));
    size += chunk.length;
    if (size > MAX_INPUT_BYTES) throw fail('cli.usage', { reason: 'the input is larger than 1 MB' });
  }
  // One line break at the end is the shell's, not the secret's.
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
}
