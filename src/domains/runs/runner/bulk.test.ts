import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { BrokenBulk, bulkReader, endFrame, frameHeader } from './bulk.ts';

async function readAll(read: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of read) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

const frame = (text: string) => Buffer.concat([frameHeader(text.length), Buffer.from(text)]);

test('frames come whole, however they are cut, one task after the other', async () => {
  const bytes = Buffer.concat([
    frame('hello '),
    frame('world'),
    endFrame(11, true),
    frame('next'),
    endFrame(4, true),
  ]);
  for (const size of [1, 3, 7, 100]) {
    const stream = new PassThrough();
    const reader = bulkReader(stream);
    for (let at = 0; at < bytes.length; at += size) stream.write(bytes.subarray(at, at + size));
    assert.equal(await readAll(reader.read()), 'hello world');
    assert.equal(await readAll(reader.read()), '', 'it has ended');
    reader.next();
    assert.equal(await readAll(reader.read()), 'next');
  }
});

test('whoever stops in between goes on where it stopped', async () => {
  const stream = new PassThrough();
  const reader = bulkReader(stream);
  stream.write(Buffer.concat([frame('one'), frame('two'), endFrame(6, true)]));
  for await (const piece of reader.read()) {
    assert.equal(Buffer.from(piece).toString(), 'one');
    break;
  }
  assert.equal(await readAll(reader.read()), 'two');
});

const broken: Record<string, Buffer> = {
  'that ends without an end': frame('hello'),
  'that ends within a frame': frame('hello').subarray(0, 6),
  'that ends within its end': Buffer.concat([frame('hello'), endFrame(5, true).subarray(0, 9)]),
  'of a task that failed': Buffer.concat([frame('hello'), endFrame(5, false)]),
  'that lost some': Buffer.concat([frame('hello'), endFrame(6, true)]),
  'of anything else': Buffer.from('\u0070\0\0\0no frames at all'),
};

for (const [what, bytes] of Object.entries(broken))
  test(`a stream ${what} is an error, never a short result`, async () => {
    const stream = new PassThrough();
    stream.end(bytes);
    await assert.rejects(readAll(bulkReader(stream).read()), BrokenBulk);
  });
