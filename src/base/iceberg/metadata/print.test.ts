import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printJson } from '../json.ts';
import type { Snapshot } from '../model.ts';
import { newMetadata } from './create.ts';
import { metadataJson, printMetadata } from './print.ts';

test('printing what was printed before in part gives the same text as printing it as a whole', () => {
  const empty = newMetadata({
    location: 'file:///t "1"',
    schema: {
      type: 'struct',
      'schema-id': 0,
      fields: [{ id: 1, name: 'id', required: true, type: 'long' }],
    },
    now_ms: 1,
  });
  let table = empty;
  for (const id of [1n, 2n ** 62n]) {
    const snapshot: Snapshot = {
      'snapshot-id': id,
      'sequence-number': 1,
      'timestamp-ms': 1,
      summary: { operation: 'append', said: '"ünï"\n' },
    };
    table = { ...table, snapshots: [...table.snapshots, snapshot], 'current-snapshot-id': id };
    assert.equal(printMetadata(table), printJson(metadataJson(table)));
    const old = { ...table, 'format-version': 1 as const };
    assert.equal(printMetadata(old), printJson(metadataJson(old)));
  }
  assert.match(printMetadata(table), /"current-snapshot-id":4611686018427387904\b/);
  assert.equal(printMetadata(empty), printJson(metadataJson(empty)));
});
