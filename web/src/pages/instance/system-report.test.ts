import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { System } from '../../../../src/contract/system.ts';
import { systemReport } from './system-report.ts';

const system: System = {
  instance_id: '01987b2c-7f3a-7c1e-9d55-0a4be91c6f20',
  version: '1.2.3',
  node: '24.1.0',
  postgres: '18.4',
  schema_version: 1,
  platform: 'linux x64',
  started_at: '2026-11-21T12:00:00.000000Z',
  url: 'http://127.0.0.1:4610',
  data_folder: '/srv/moulin',
  memory: { rss_bytes: 100, total_bytes: 1000 },
  disk: { free_bytes: 5, total_bytes: 10, store_bytes: 1 },
  parts: [
    { name: 'store', state: 'ok', detail: '', facts: {} },
    { name: 'disk', state: 'degraded', detail: 'Only 5 bytes are free.', facts: { free_bytes: 5 } },
  ],
  config: [
    { key: 'port', value: 4650, origin: 'flag', source: '--port', doc: '' },
    { key: 'key', value: '•••', origin: 'environment', source: 'MOULIN_KEY', doc: '' },
    { key: 'host', value: '127.0.0.1', origin: 'default', source: null, doc: '' },
  ],
};

test('the report names versions, troubles and what somebody has set', () => {
  const report = systemReport(system);
  assert.match(report, /Moulin 1\.2\.3 on Node\.js 24\.1\.0/);
  assert.match(report, /disk: degraded, Only 5 bytes are free\./);
  assert.match(report, /port = 4650 \(--port\)/);
  assert.match(report, /key = "•••" \(MOULIN_KEY\)/);
  assert.doesNotMatch(report, /host =/);
});
