import assert from 'node:assert/strict';
import { test } from 'node:test';
import { areaAt, areas } from './areas.ts';

test('every page, and what is below it, belongs to its own area', () => {
  for (const area of areas)
    for (const { path } of area.pages) {
      const address = path.replace('$workspace', 'main').replace('$id', '01987b2c');
      assert.equal(areaAt(address, 'main'), area, address);
      assert.equal(areaAt(`${address}/something`, 'main'), area, `${address}/something`);
    }
  assert.equal(areaAt('/elsewhere', 'main'), undefined);
  assert.equal(areaAt('/w/other/settings', 'main'), undefined);
});
