import type { Command } from 'commander';
import { blocksOf } from './markdown.ts';

/** A command of ours as a document shows it: the words after `moulin`. */
export interface Shown {
  words: readonly string[];
  line: number;
  /** In a block that a reader may copy, so it must be whole; in a sentence a part will do (`moulin keys`). */
  whole: boolean;
}

/** Nouns that do something without a verb. */
const ALONE = ['config', 'worker'];
const SHELL = ['sh', 'bash', 'console'];
const OURS = /^(?:[A-Z_]+=\S+ )*(?:npx |(?:\S*\/)?bin\/)?moulin(?: |$)/;

export function commandsIn(markdown: string): Shown[] {
  const blocks = blocksOf(markdown).filter(block => SHELL.includes(block.language));
  const copied = blocks.flatMap(({ text, line }) =>
    joinLines(text).flatMap(({ text: command, at }) => shownIn(command, line + 1 + at, true)),
  );
  return [...copied, ...inlineCode(markdown).flatMap(({ text, line }) => shownIn(text, line, false))];
}

/** Lines that end in `\` go on in the next. */
function joinLines(text: string): { text: string; at: number }[] {
  const lines: { text: string; at: number }[] = [];
  let open = false;
  for (const [at, line] of text.split('\n').entries()) {
    const last = lines.at(-1);
    if (open && last) last.text += ` ${line.trim()}`;
    else lines.push({ text: line.trim(), at });
    open = line.endsWith('\\');
  }
  return lines.map(({ text: joined, at }) => ({ text: joined.replaceAll('\\ ', ' '), at }));
}

function inlineCode(markdown: string): { text: string; line: number }[] {
  const fenced = new Set(
    blocksOf(markdown).flatMap(({ line, text }) =>
      Array.from({ length: text.split('\n').length + 2 }, (_, at) => line + at),
    ),
  );
  return markdown
    .split('\n')
    .flatMap((text, at) =>
      fenced.has(at + 1)
        ? []
        : [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => ({ text: code, line: at + 1 })),
    );
}

/** One line may hold several, joined by `|`, `&&` or `$( )`. */
function shownIn(text: string, line: number, whole: boolean): Shown[] {
  const parts = text.replace(/^\$ /, '').split(/\s*(?:\|\||\||&&|;|\$\()\s*/);
  return parts.flatMap(part => {
    const command = part.replace(/^npm start(?: --)?(?= |$)/, 'moulin start');
    if (!OURS.test(command)) return [];
    return [{ words: wordsOf(command.replace(OURS, '')), line, whole: whole && !part.includes('…') }];
  });
}

/** Words up to a comment or a redirection; quotes keep words together. */
function wordsOf(text: string): string[] {
  const words = [...text.matchAll(/"[^"]*"|'[^']*'|[^\s)]+/g)].map(([word]) =>
    word.replace(/^["']|["']$/g, ''),
  );
  const end = words.findIndex(word => /^(#|>|<|2>|&)/.test(word));
  return end === -1 ? words : words.slice(0, end);
}

/** What is wrong with a command that a document shows; undefined when it would work. */
export function faultOf({ words, whole }: Shown, program: Command): string | undefined {
  const { command, rest } = descend(program, words);
  const unknown = optionsIn(rest).find(option => !knows(command, option));
  if (unknown) return `${words.join(' ')}: there is no option ${unknown}`;
  const values = argumentsIn(rest, command);
  if (command.commands.length > 0) return faultOfNoun(command, words, values, whole);
  const { length: most } = command.registeredArguments;
  const least = whole ? command.registeredArguments.filter(argument => argument.required).length : 0;
  const variadic = command.registeredArguments.some(argument => argument.variadic);
  if (values.length > most && !variadic) return `${words.join(' ')}: takes ${most} arguments`;
  return values.length < least ? `${words.join(' ')}: needs ${least} arguments` : undefined;
}

function faultOfNoun(
  command: Command,
  words: readonly string[],
  values: readonly string[],
  whole: boolean,
): string | undefined {
  const [stranger] = values;
  // "moulin <noun> <verb>", "moulin user …": a pattern, not a command.
  if (stranger !== undefined && !/^[<[…A-Z]/.test(stranger))
    return `${words.join(' ')}: there is no command ${stranger}`;
  const isHelp = words.includes('--help') || words.includes('--version');
  const mayStandAlone = isHelp || command.parent === null || ALONE.includes(command.name());
  return whole && !mayStandAlone ? `${words.join(' ')}: needs a verb` : undefined;
}

/** What is wrong with a command in a sentence, where nobody can tell its words from those that follow. */
export function faultOfAdvice(words: readonly string[], program: Command): string | undefined {
  const { command, rest } = descend(program, words);
  const isNamed =
    command.parent !== null && (command.commands.length === 0 || ALONE.includes(command.name()));
  return isNamed ? undefined : `${words.join(' ')}: there is no command ${rest[0] ?? ''}`;
}

function descend(program: Command, words: readonly string[]): { command: Command; rest: readonly string[] } {
  const [word, ...rest] = words;
  const next = program.commands.find(
    one => word !== undefined && (one.name() === word || one.aliases().includes(word)),
  );
  return next ? descend(next, rest) : { command: program, rest: words };
}

function optionsIn(words: readonly string[]): string[] {
  return words.filter(word => /^--?[a-z]/.test(word)).map(word => word.split('=')[0] ?? word);
}

function knows(command: Command, option: string): boolean {
  if (['--help', '--version'].includes(option)) return true;
  return command.options.some(
    ({ long, short }) => [long, short].includes(option) || long === option.replace('--no-', '--'),
  );
}

function argumentsIn(words: readonly string[], command: Command): string[] {
  return words.filter((word, at) => {
    const before = words[at - 1] ?? '';
    const option = command.options.find(({ long, short }) => before === long || before === short);
    return !word.startsWith('-') && !(option && (option.required || option.optional));
  });
}
