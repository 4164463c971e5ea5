import type { Command, Option } from 'commander';
import { configKeys } from '../../src/contract/config.ts';
import { wholeProgram } from '../../src/doors/cli/index.ts';
import { processTerminal } from '../../src/doors/cli/terminal.ts';
import { code, page, table } from './markdown.ts';

const INTRODUCTION = `\`bin/moulin\` in a clone, \`npx moulin\` where the package is installed. \`moulin COMMAND --help\` says the same as this page.

Nouns are singular, and the plural works too; \`add\` may be written \`create\`. Without an address a command acts on the local data folder:
through the server that runs there, or by itself when none runs. How a command ends is in [exit codes](exit-codes.md).

Settings that a start takes as flags are in [configuration](configuration.md).`;

/** Options that many commands have in the same words; told once. */
interface Shared {
  title: string;
  options: readonly Option[];
}

export async function cliPage(): Promise<string> {
  const program = await commandTree();
  const groups = sharedBy(leavesOf(program));
  const shared = groups.map(({ title, options }) => `**${title}:**\n\n${optionTable(options)}`);
  return page('Command line', INTRODUCTION, [
    ...shared,
    ...program.commands.map(noun => nounText(noun, groups)),
  ]);
}

function sharedBy(verbs: readonly Command[]): Shared[] {
  const optionsOf = (flags: readonly string[]) => {
    const verb = verbs.find(one => flags.every(flag => one.options.some(({ long }) => long === flag)));
    return verb?.options.filter(({ long }) => flags.includes(long ?? '')) ?? [];
  };
  const answering = ['--format', '--json', '--output'];
  const talking = ['--workspace', '--data', '--url', '--profile'];
  return [
    { title: 'Every command that answers something', options: optionsOf(answering) },
    { title: 'Every command that talks to an installation', options: optionsOf(talking) },
  ];
}

/** The real tree of commands, without anything that a command would need to run. */
export function commandTree(): Promise<Command> {
  const unused = () => Promise.reject(new Error('the reference runs no command'));
  const host = {
    version: '',
    package_folder: '',
    cache_folder: '',
    openInstance: unused,
    supervise: unused,
    openWorker: unused,
    tryRunner: unused,
    tryStorage: unused,
    relocateLake: unused,
    restoreInstance: unused,
  };
  return wholeProgram({ host, terminal: processTerminal(), exit: () => {}, wholeProgram: commandTree });
}

/** The commands that do something, in the order of the help. */
export function leavesOf(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leavesOf);
}

/** `moulin token add` */
export function fullName(command: Command): string {
  return command.parent ? `${fullName(command.parent)} ${command.name()}` : command.name();
}

function nounText(noun: Command, groups: readonly Shared[]): string {
  const verbs = leavesOf(noun);
  if (verbs[0] === noun) return verbText(noun, '##', groups);
  const heading = `## ${fullName(noun)}\n\n${sentence(noun.description() || noun.summary())}`;
  return [heading, ...verbs.map(verb => verbText(verb, '###', groups))].join('\n\n');
}

function verbText(verb: Command, level: string, groups: readonly Shared[]): string {
  const shown = verb.options.filter(option => !option.hidden && !isTold(option, groups));
  // A command that starts something takes all settings; one that takes the data folder takes that.
  const takesSettings = shown.filter(isSetting).length > 3;
  const own = takesSettings ? shown.filter(option => !isSetting(option)) : shown;
  return [
    `${level} ${fullName(verb)}`,
    `\`\`\`text\n${fullName(verb)} ${usageOf(verb)}\n\`\`\``,
    sentence(verb.description() || verb.summary()) + aliasText(verb),
    ...(own.length > 0 ? [optionTable(own)] : []),
    ...(own.length < shown.length
      ? ['Also every setting as a flag: see [configuration](configuration.md).']
      : []),
  ].join('\n\n');
}

function isTold({ flags, description }: Option, groups: readonly Shared[]): boolean {
  return groups.some(({ options }) =>
    options.some(one => one.flags === flags && one.description === description),
  );
}

function isSetting({ long }: Option): boolean {
  return configKeys.some(({ flag, file }) => long === flag || long === file?.flag);
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
