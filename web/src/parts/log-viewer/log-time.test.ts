import assert from 'node:assert/strict';
import { test } from 'node:test';
import { timeWriter } from './log-time.ts';

const START = '2026-11-21T09:00:00.000000Z';
const AT = '2026-11-21T10:02:03.456789Z';

test('a time is that of the zone, of UTC, or since the attempt began', () => {
  assert.equal(timeWriter('local', 'Europe/Paris', START)(AT), '11:02:03.456');
  assert.equal(timeWriter('utc', 'Europe/Paris', START)(AT), '10:02:03.456');
  assert.equal(timeWriter('relative', 'Europe/Paris', START)(AT), '+1:02:03.456');
  assert.equal(timeWriter('relative', 'Europe/Paris', AT)(START), '-1:02:03.456');
  assert.equal(timeWriter('none', 'Europe/Paris', START)(AT), '');
});
