import { type ConfigKey, configKeys, OTHER_VARIABLES } from '../../src/contract/config.ts';
import { code, page, table } from './markdown.ts';

const INTRODUCTION = `Every setting can be given in four places. The first one that says something wins:

1. a flag on the command line,
2. an environment variable,
3. the file \`moulin.yaml\` (\`--config FILE\` or \`MOULIN_CONFIG\` names another one),
4. the default.

\`moulin config\` shows every value in force and where it comes from. A setting that is not right stops the start, and
all problems are told at once. Sizes may be written \`512MB\` or \`2GB\`, durations \`90m\`, \`8h\`, \`7d\`. Lists are separated by commas in flags
and variables. Relative paths start at the folder of the file that names them, else at the current folder.

Every user of the machine can read command lines. What is secret as a whole therefore has no flag, and every secret can be in a file of
its own: the setting with \`_file\` at its end names that file.`;

export function configurationPage(): string {
  return page('Configuration', INTRODUCTION, [
    table(['Setting', 'Variable', 'Flag', 'Default', 'What it does'], configKeys.map(rowOf)),
    `## As \`moulin.yaml\`\n\n${example()}`,
    `## Variables of the command line\n\nThese are no settings of the server: they say which server a command talks to, and as whom.\n\n${OTHER_VARIABLES.map(name => `- ${code(name)}`).join('\n')}`,
  ]);
}

function rowOf(key: ConfigKey): string[] {
  const { file } = key;
  const names = [key.key, file?.key].flatMap(name => name ?? []);
  const variables = [key.env, file?.env].flatMap(name => name ?? []);
  const opposite = key.kind === 'boolean' ? key.flag?.replace('--', '--no-') : null;
  const flags = [key.flag, opposite, file?.flag].flatMap(name => name ?? []);
  const choices = key.choices.length > 0 ? ` One of ${key.choices.map(code).join(', ')}.` : '';
  return [
    names.map(code).join(', '),
    variables.map(code).join(', '),
    flags.map(code).join(', '),
    defaultOf(key),
    `${key.doc}${choices}`,
  ];
}

function defaultOf(key: ConfigKey): string {
  if (key.default_doc) return key.default_doc;
  const parsed = key.schema.safeParse(undefined);
  return parsed.success ? sayValue(key, parsed.data) : '';
}

function sayValue(key: ConfigKey, value: unknown): string {
  if (value === null || (Array.isArray(value) && value.length === 0)) return 'none';
  if (key.kind === 'bytes' && typeof value === 'number') return code(sayBytes(value));
  return code(Array.isArray(value) ? value.join(', ') : String(value));
}

function sayBytes(bytes: number): string {
  const gigabytes = bytes / 1024 ** 3;
  return gigabytes >= 1 ? `${gigabytes}GB` : `${bytes / 1024 ** 2}MB`;
}

/** Shows how keys nest; values that a company would have. */
function example(): string {
  return `\`\`\`yaml moulin.yaml
host: 0.0.0.0
public_url: https://moulin.example.com
trusted_proxies: [10.0.0.0/8]
database:
  url_file: /etc/moulin/database-url
log:
  format: json
oidc:
  issuer: https://id.example.com
  client_id: moulin
  client_secret_file: /etc/moulin/oidc-secret
  group_roles:
    data-team: editor
    data-leads: admin
\`\`\``;
}
