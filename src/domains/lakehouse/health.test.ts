import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyUpdates, expireSnapshots, newMetadata, type Update } from '../../base/iceberg/index.ts';
import { DEFAULT_LAKE_POLICY } from '../../contract/lake.ts';
import { expiryOf } from './health.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');

/** As many commits within one second, one after the other. */
function tableWith(commits: number) {
  const schema = { type: 'struct' as const, 'schema-id': 0, fields: [] };
  const column = { id: 1, name: 'id', required: false, type: 'long' };
  const empty = newMetadata({
    location: 'file:///t',
    schema: { ...schema, fields: [column] },
    now_ms: NOW,
  });
  const updates = Array.from({ length: commits }, (_, at): Update => {
    const id = BigInt(at + 1);
    return {
      action: 'add-snapshot',
      snapshot: {
        'snapshot-id': id,
        ...(at > 0 && { 'parent-snapshot-id': id - 1n }),
        'sequence-number': at + 1,
        'timestamp-ms': NOW,
        'manifest-list': `file:///t/metadata/${at}.avro`,
        summary: { operation: 'append' },
        'schema-id': 0,
      },
    };
  });
  const head = BigInt(commits);
  const main = {
    action: 'set-snapshot-ref',
    'ref-name': 'main',
    type: 'branch',
    'snapshot-id': head,
  } as const;
  return applyUpdates(empty, [...updates, main], { now_ms: NOW });
}

test('a table with many commits keeps a thousand snapshots, however young, and more only where its policy says so', () => {
  const metadata = tableWith(1200);
  const keptBy = (snapshots_keep: number) => {
    const policy = expiryOf({ ...DEFAULT_LAKE_POLICY, snapshots_keep });
    return 1200 - expireSnapshots(metadata, policy, NOW + 1000).snapshots.length;
  };
  assert.equal(keptBy(10), 1000);
  assert.equal(keptBy(1100), 1100);
});
