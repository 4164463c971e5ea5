import { type Command, Option } from 'commander';
import type { ConfigKey } from '../../contract/config.ts';

// The settings as flags: of `start`, of `config` and of everything that opens an installation itself.

/** Values are kept under the flag's own name; `flagsOf` finds them there. */
export function withConfigOptions(command: Command, keys: readonly ConfigKey[]): Command {
  command.option('--config <file>', 'the file with settings (moulin.yaml, unless said)');
  for (const key of keys) for (const option of optionsOf(key)) command.addOption(option);
  return command;
}

/** What was said on the command line, by key, for `loadConfig`. Defaults are the resolver's business, not commander's. */
export function flagsOf(options: object, keys: readonly ConfigKey[]): Record<string, unknown> {
  const said = new Map<string, unknown>(Object.entries(options));
  const names = keys.flatMap(key => [
    [key.key, key.flag],
    [key.file?.key, key.file?.flag],
  ]);
  const given = names.flatMap(([name, flag]) => {
    const value = name && flag ? said.get(attribute(flag)) : undefined;
    return value === undefined ? [] : [[name, value] as const];
  });
  const file = said.get('config');
  return { ...Object.fromEntries(given), ...(file !== undefined && { config: file }) };
}

function optionsOf(key: ConfigKey): Option[] {
  const own =
    key.flag === null ? [] : key.kind === 'boolean' ? switches(key, key.flag) : [valued(key, key.flag)];
  const file = key.file ? [new Option(`${key.file.flag} <file>`, `A file that holds ${key.key}.`)] : [];
  return [...own, ...file];
}

/**
 * Both forms, and no default: whether anything was said is what the resolver wants to know. Help shows the one that changes
 * something.
 */
function switches(key: ConfigKey, flag: string): Option[] {
  const isOn = key.schema.safeParse(undefined).data === true;
  const on = new Option(flag, key.doc).hideHelp(isOn);
  const off = new Option(flag.replace('--', '--no-'), `Switch off: ${key.doc}`).hideHelp(!isOn);
  return [on, off];
}

function valued(key: ConfigKey, flag: string): Option {
  const option = new Option(`${flag} <${key.kind}>`, key.doc);
  return key.choices.length > 0 ? option.choices(key.choices) : option;
}

/** As commander names it: `--tls-cert` is `tlsCert`. */
function attribute(flag: string): string {
  return new Option(`${flag} <value>`).attributeName();
}

/** The other way round: the words that say the same to a service or to a child that is to start the same way. */
export function wordsOf(flags: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(flags).flatMap(([name, value]) => {
    const flag = name.replaceAll(/[._]/g, '-');
    if (typeof value === 'boolean') return [value ? `--${flag}` : `--no-${flag}`];
    return [`--${flag}`, String(value)];
  });
}
