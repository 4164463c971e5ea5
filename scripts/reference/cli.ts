import type { Command, Option } from 'commander';
import { wholeProgram } from '../../src/doors/cli/index.ts';
import { processTerminal } from '../../src/doors/cli/terminal.ts';
import { code, page, table } from './markdown.ts';

const INTRODUCTION = `\`bin/moulin\` in a clone, \`npx moulin\` where the package is installed. \`moulin COMMAND --help\` says the same as this page.

Nouns are singular, and the plural works too; \`add\` may be written \`create\`. Without an address a command acts on the local data folder:
through the server that runs there, or by itself when none runs. How a command ends is in [exit codes](exit-codes.md).

Settings that a start takes as flags are in [configuration](configuration.md).`;

/** Options that most commands have; told once. */
const SHARED: readonly { title: string; flags: readonly string[] }[] = [
  { title: 'Every command that answers something', flags: ['--format', '--json', '--output'] },
  {
    title: 'Every command that talks to an installation',
    flags: ['--workspace', '--data', '--url', '--profile'],
  },
];
const ALL_SHARED = SHARED.flatMap(({ flags }) => flags);

export async function cliPage(): Promise<string> {
  const program = await commandTree();
  const verbs = leavesOf(program);
  const shared = SHARED.map(({ title, flags }) => {
    const options = flags.flatMap(
      flag => verbs.flatMap(verb => verb.options).find(one => one.long === flag) ?? [],
    );
    return `**${title}:**\n\n${optionTable(options)}`;
  });
  return page('Command line', INTRODUCTION, [...shared, ...program.commands.map(nounText)]);
}

/** The real tree of commands, without anything that a command would need to run. */
export function commandTree(): Promise<Command> {
  const unused = () => Promise.reject(new Error('the reference runs no command'));
  const host = { version: '', package_folder: '', openInstance: unused };
  return wholeProgram({ host, terminal: processTerminal(), exit: () => {} });
}

/** The commands that do something, in the order of the help. */
export function leavesOf(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leavesOf);
}

/** `moulin token add` */
export function fullName(command: Command): string {
  return command.parent ? `${fullName(command.parent)} ${command.name()}` : command.name();
}

function nounText(noun: Command): string {
  const verbs = leavesOf(noun);
  const heading = `## ${fullName(noun)}\n\n${sentence(noun.description() || noun.summary())}`;
  return verbs[0] === noun
    ? verbText(noun, '##')
    : [heading, ...verbs.map(verb => verbText(verb, '###'))].join('\n\n');
}

function verbText(verb: Command, level: string): string {
  const own = verb.options.filter(option => !ALL_SHARED.includes(option.long ?? '') && !option.hidden);
  return [
    `${level} ${fullName(verb)}`,
    `\`\`\`text\n${fullName(verb)} ${usageOf(verb)}\n\`\`\``,
    sentence(verb.description() || verb.summary()) + aliasText(verb),
    ...(own.length > 0 ? [optionTable(own)] : []),
  ].join('\n\n');
}

function usageOf(verb: Command): string {
  const args = verb.registeredArguments.map(argument => {
    const name = argument.variadic ? `${argument.name()}...` : argument.name();
    return argument.required ? `<${name}>` : `[${name}]`;
  });
  return [...args, '[options]'].join(' ');
}

function aliasText(verb: Command): string {
  const names = verb.aliases();
  return names.length > 0 ? ` Also ${names.map(code).join(', ')}.` : '';
}

function optionTable(options: readonly Option[]): string {
  return table(
    ['Option', 'What it does'],
    options.map(option => [code(option.flags), noteOf(option)]),
  );
}

function noteOf({ description, argChoices, defaultValue, mandatory }: Option): string {
  const notes = [
    mandatory ? 'required' : '',
    argChoices ? `one of ${argChoices.map(code).join(', ')}` : '',
    defaultValue === undefined || defaultValue === false ? '' : `default ${code(String(defaultValue))}`,
  ].filter(note => note !== '');
  return notes.length > 0 ? `${description} (${notes.join('; ')})` : description;
}

function sentence(text: string): string {
  return /[.?]$/.test(text) ? text : `${text}.`;
}
