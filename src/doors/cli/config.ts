import type { Command } from 'commander';
import { fail } from '../../base/kit/errors.ts';
import { nearest } from '../../base/kit/nearest.ts';
import { configKeys } from '../../contract/config.ts';
import type { ConfigEntry } from '../../contract/system.ts';
import { type AnswerOptions, addAnswer, addNoun, alone, type Context } from './command.ts';
import { flagsOf, withConfigOptions } from './config-options.ts';
import type { Column } from './present.ts';
import { loadConfig } from './settings.ts';

const columns: readonly Column<ConfigEntry>[] = [
  ['key', entry => entry.key],
  ['value', entry => valueText(entry.value)],
  ['origin', entry => entry.source ?? entry.origin],
];

export function register(program: Command, context: Context): void {
  const noun = addNoun(program, 'config', 'All settings and where their values come from', 'configs');

  withConfigOptions(
    addAnswer(noun, 'list', 'Every setting with its value and its origin', { isDefault: true }),
    configKeys,
  ).action(
    alone<AnswerOptions>(context, async ({ options, answer }) => {
      const { entries, warnings } = load(context, options);
      await answer.list(entries, columns);
      for (const warning of warnings) await answer.warn(warning);
    }),
  );

  withConfigOptions(addAnswer(noun, 'show <key>', 'One setting, with what it does'), configKeys).action(
    alone<AnswerOptions, [string]>(context, async ({ options, answer }, key) => {
      const entry = load(context, options).entries.find(one => one.key === key);
      if (!entry) throw fail('cli.usage', { reason: `there is no setting "${key}"${suggestion(key)}` });
      await answer.object(entry, [...columns, ['what it does', one => one.doc]]);
    }),
  );
}

function load(context: Context, options: object) {
  const { terminal, host } = context;
  return loadConfig(flagsOf(options, configKeys), { ...terminal, package_folder: host.package_folder });
}

function suggestion(key: string): string {
  const close = nearest(
    key,
    configKeys.map(one => one.key),
  );
  return close ? `; the closest is "${close}"` : '';
}

function valueText(value: ConfigEntry['value']): string {
  if (value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
