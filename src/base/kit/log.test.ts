import assert from 'node:assert/strict';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type LogOptions, openLog, toText } from './log.ts';
import { createRedactor } from './redact.ts';

const AT = Date.parse('2026-11-21T12:00:00Z');
const clock = { now: () => AT, monotonic: () => 0 };

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'moulin-log-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

function open(
  t: TestContext,
  folder: string,
  more: Partial<LogOptions['files']> = {},
  options: Partial<LogOptions> = {},
) {
  const opened = openLog({
    level: 'info',
    format: 'json',
    clock,
    redact: text => text,
    files: { folder, file_bytes: 1000, total_bytes: 5000, keep_days: 30, ...more },
    ...options,
  });
  t.after(() => opened.close());
  return opened.log;
}

function linesIn(path: string): Record<string, unknown>[] {
  return readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line));
}

test('a line is NDJSON with the time, the level, the message and the fields of its logger', t => {
  const folder = folderFor(t);
  const log = open(t, folder);
  log.child({ request_id: 'r1' }).warn({ free_bytes: 3 }, 'The disk is nearly full');
  log.debug('too quiet');
  assert.deepEqual(linesIn(join(folder, 'moulin.log')), [
    {
      level: 'warn',
      at: '2026-11-21T12:00:00.000Z',
      request_id: 'r1',
      free_bytes: 3,
      message: 'The disk is nearly full',
    },
  ]);
});

test('only the owner may read the files', t => {
  const folder = folderFor(t);
  open(t, join(folder, 'logs')).info('x');
  assert.equal(statSync(join(folder, 'logs', 'moulin.log')).mode & 0o777, 0o600);
  assert.equal(statSync(join(folder, 'logs')).mode & 0o777, 0o700);
});

test('a secret is covered wherever it hides: message, field, nested error, in JSON or base64', t => {
  const folder = folderFor(t);
  const redactor = createRedactor();
  const secret = 'pa"ss\nword-8472';
  redactor.add(secret);
  const shown: string[] = [];
  const log = open(t, folder, {}, { redact: redactor.redact, console: text => shown.push(text) });
  log.info({ url: `postgres://u:${encodeURIComponent(secret)}@h`, deep: { a: [secret] } }, `saw ${secret}`);
  log.error(new Error('outer', { cause: new Error(Buffer.from(secret).toString('base64')) }));
  const text = readFileSync(join(folder, 'moulin.log'), 'utf8') + shown.join('');
  assert(text.includes('•••'));
  for (const part of ['8472', encodeURIComponent('8472'), Buffer.from(secret).toString('base64')])
    assert(!text.includes(part), text);
});

test('files are rotated at their size, and all together stay below the total', t => {
  const folder = folderFor(t);
  const log = open(t, folder);
  for (let n = 0; n < 200; n += 1) log.info({ n }, 'a line of some length, so that files fill');
  const sizes = readdirSync(folder).map(name => statSync(join(folder, name)).size);
  assert(sizes.length > 2 && sizes.length <= 5, `${sizes.length} files`);
  assert(sizes.every(size => size <= 1000));
  assert(sizes.reduce((sum, size) => sum + size, 0) <= 5000);
  assert.equal(linesIn(join(folder, 'moulin.log')).at(-1)?.n, 199);
});

/** Three lines in files of one line each: the current one, and two that are older than what is kept. */
function leaveOldFiles(folder: string): void {
  const { log, close } = openLog({
    level: 'info',
    format: 'json',
    clock,
    redact: text => text,
    files: { folder, file_bytes: 100, total_bytes: 5000, keep_days: 30 },
  });
  for (let n = 0; n < 3; n += 1) log.info('x'.repeat(80));
  close();
  ageRotated(folder);
}

function ageRotated(folder: string): void {
  const rotated = readdirSync(folder).filter(name => /^moulin-/.test(name));
  assert.equal(rotated.length, 2);
  for (const name of rotated) utimesSync(join(folder, name), AT / 1000, AT / 1000 - 31 * 86_400);
}

test('old files go at the next start, and files that are not ours stay', t => {
  const folder = folderFor(t);
  leaveOldFiles(folder);
  symlinkSync('/dev/null', join(folder, 'notes.txt'));
  open(t, folder);
  assert.deepEqual(readdirSync(folder).sort(), ['moulin.log', 'notes.txt']);
});

test('old files go while it is open too, when somebody asks', t => {
  const folder = folderFor(t);
  const opened = openLog({
    level: 'info',
    format: 'json',
    clock,
    redact: text => text,
    files: { folder, file_bytes: 100, total_bytes: 5000, keep_days: 30 },
  });
  t.after(() => opened.close());
  for (let n = 0; n < 3; n += 1) opened.log.info('x'.repeat(80));
  ageRotated(folder);
  opened.prune();
  assert.deepEqual(readdirSync(folder), ['moulin.log']);
});

test('a start continues the file of the last one', t => {
  const folder = folderFor(t);
  open(t, folder).info('one');
  open(t, folder).info('two');
  assert.deepEqual(
    linesIn(join(folder, 'moulin.log')).map(line => line.message),
    ['one', 'two'],
  );
});

const full = process.platform === 'linux' ? {} : { skip: 'needs /dev/full' };
test('a full disk stops nothing, and the loss is told when there is room again', full, t => {
  const folder = folderFor(t);
  const path = join(folder, 'moulin.log');
  symlinkSync('/dev/full', path);
  const shown: string[] = [];
  const log = open(t, folder, {}, { console: text => shown.push(text) });
  log.info('one');
  log.info('two');
  assert.equal(shown.length, 2);
  unlinkSync(path);
  log.info('three');
  const [told, three] = linesIn(path);
  assert.deepEqual([told?.message, told?.count], ['Lines of the log could not be written', 2]);
  assert.equal(three?.message, 'three');
});

test('the console may be quieter than the file, and speaks text to people', t => {
  const folder = folderFor(t);
  const shown: string[] = [];
  const log = open(
    t,
    folder,
    {},
    { format: 'text', console: text => shown.push(text), console_level: 'warn' },
  );
  log.info('quiet');
  log.warn({ path: '/a b', n: 3 }, 'Loud');
  assert.deepEqual(shown, ['12:00:00 WARN  Loud  path="/a b"  n=3\n']);
  assert.equal(linesIn(join(folder, 'moulin.log')).length, 2);
});

test('an error shows its stack below the line', () => {
  const error = { type: 'Error', message: 'no', stack: 'Error: no\n    at x' };
  const line = JSON.stringify({ level: 'error', at: '2026-11-21T12:00:00.000Z', error, message: 'Failed' });
  assert.equal(toText(line), '12:00:00 ERROR Failed\n  Error: no\n      at x\n');
});

test('a line that is no JSON any more is shown as it is', () => {
  assert.match(toText('{"n":•••}\n'), /\{"n":•••\}/);
});
