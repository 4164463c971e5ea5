import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { answerOf, type Context } from './command.ts';
import type { Column } from './present.ts';

function listen() {
  const said = { stdout: '', stderr: '' };
  const into = (name: keyof typeof said) =>
    new Writable({
      write(chunk, _, done) {
        said[name] += String(chunk);
        done();
      },
    });
  const terminal = { stdout: into('stdout'), stderr: into('stderr') };
  return { said, context: { terminal } as unknown as Context };
}

const columns: Column<string>[] = [['name', name => name]];

test('a person is told that a list is empty, and a program gets the empty list alone', async () => {
  const person = listen();
  await answerOf(person.context, { format: 'table' }).list([], columns);
  assert.deepEqual(person.said, { stdout: 'NAME\n', stderr: 'There are none.\n' });
  for (const [format, stdout] of [
    ['json', '[]\n'],
    ['csv', 'name\n'],
  ] as const) {
    const program = listen();
    await answerOf(program.context, { format }).list([], columns);
    assert.deepEqual(program.said, { stdout, stderr: '' });
  }
  const full = listen();
  await answerOf(full.context, { format: 'table' }).list(['a'], columns);
  assert.deepEqual(full.said, { stdout: 'NAME\na\n', stderr: '' });
});
