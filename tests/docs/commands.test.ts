import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Command } from 'commander';
import { commandTree } from '../../scripts/reference/cli.ts';
import { exists, pathsBelow, read, readJson } from '../../scripts/source/files.ts';
import { errors } from '../../src/contract/errors.ts';
import { commandsIn, faultOf, faultOfAdvice } from './commands.ts';

const pages = [
  ...[
    'README.md',
    'README.fr.md',
    'ARCHITECTURE.md',
    'CONTRIBUTING.md',
    'SECURITY.md',
    'CHANGELOG.md',
  ].filter(exists),
  ...['docs', 'src', 'bench', 'web'].flatMap(pathsBelow),
].filter(
  path => path.endsWith('.md') && !path.startsWith('docs/reference/') && !path.startsWith('docs/decisions/'),
);

test('every command that a document shows is one, with options that it has', async () => {
  const program = await commandTree();
  const shown = pages.flatMap(page => commandsIn(read(page)).map(command => ({ page, command })));
  assert(shown.length > 30, `${shown.length} commands`);
  const wrong = shown.flatMap(({ page, command }) => {
    const fault = faultOf(command, program);
    return fault ? [`${page}:${command.line} moulin ${fault}`] : [];
  });
  assert.deepEqual(wrong, []);
});

test('every command that an error advises is one', async () => {
  const program = await commandTree();
  const wrong = Object.entries(errors).flatMap(([name, { hint, message }]) =>
    advisedIn(`${message} ${hint}`).flatMap(words => {
      const fault = faultOfAdvice(words, program);
      return fault ? [`${name}: moulin ${fault}`] : [];
    }),
  );
  assert.deepEqual(wrong, []);
});

test('every npm script that a document names is there', () => {
  const scriptsOf = (folder: string) =>
    Object.keys(readJson<{ scripts: Record<string, string> }>(`${folder}package.json`).scripts);
  const named = pages.flatMap(page =>
    [...read(page).matchAll(/\bnpm run ([a-z:-]+)/g)].map(([, name = '']) => ({ page, name })),
  );
  assert(named.some(({ name }) => name === 'bench'));
  // The pages have scripts of their own, for those who work on them.
  const isThere = ({ page, name }: { page: string; name: string }) =>
    scriptsOf(page.startsWith('web/') ? 'web/' : '').includes(name);
  assert.deepEqual(
    named.filter(one => !isThere(one)),
    [],
  );
});

test('commands are found and judged as a reader would', () => {
  const program = new Command('moulin');
  const token = program.command('token').alias('tokens');
  token.command('add').alias('create').requiredOption('--name <name>').option('-q, --quiet');
  token.command('show').argument('<id>');
  program.command('start').option('--no-open').option('--port <port>');
  const judge = (text: string) =>
    commandsIn(text).map(command => faultOf(command, program)?.replace(/^.*: /, '') ?? 'right');
  const block = (text: string) => judge(`\`\`\`sh\n${text}\n\`\`\``);
  assert.deepEqual(block('bin/moulin token create --name ci -q | jq .token'), ['right']);
  assert.deepEqual(block('MOULIN_URL=x moulin tokens show \\\n  7 # a comment'), ['right']);
  assert.deepEqual(block('npm start -- --port 4650 --no-open'), ['right']);
  assert.deepEqual(block('moulin token add --colour red'), ['there is no option --colour']);
  assert.deepEqual(block('x=$(moulin token rename 1)'), ['there is no command rename']);
  assert.deepEqual(block('moulin token show'), ['needs 1 arguments']);
  assert.deepEqual(block('moulin token'), ['needs a verb']);
  assert.deepEqual(block('echo moulin tokn'), []);
  assert.deepEqual(judge('`moulin token` and `moulin token show` and `moulin tokn`'), [
    'right',
    'right',
    'there is no command tokn',
  ]);
});

/** `moulin user link EMAIL` in a sentence: the words that may be its command. */
function advisedIn(text: string): string[][] {
  return [...text.matchAll(/\bmoulin ((?:[a-z-]+\b ?)+)/g)].map(([, words = '']) =>
    words.trim().split(' ').slice(0, 2),
  );
}
