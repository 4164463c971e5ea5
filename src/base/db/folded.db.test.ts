import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { testDatabase } from '../../../tests/support/database.ts';
import { contains, folded } from './folded.ts';

test('people are found and sorted whatever accents and case', async t => {
  const { store } = await testDatabase(t);
  const names = ['Zoé', 'Élodie', 'ada', 'Ångström', '100 %', 'محمد'];
  const found = await store.withInstance('a test', async tx => {
    const all = sql<{ name: string }>`select name from unnest(${names}::text[]) as t (name)`;
    const name = sql.ref<string>('name');
    const matching = async (search: string) => {
      const { rows } = await sql<{ name: string }>`${all} where ${contains(name, search)}`.execute(tx);
      return rows.map(row => row.name);
    };
    const sorted = await sql<{ name: string }>`${all} order by ${folded(name)}`.execute(tx);
    return {
      zoe: await matching('zoe'),
      ELO: await matching('ELÔ'),
      percent: await matching('%'),
      arabic: await matching('محمد'),
      sorted: sorted.rows.map(row => row.name),
    };
  });
  assert.deepEqual(found, {
    zoe: ['Zoé'],
    ELO: ['Élodie'],
    percent: ['100 %'],
    arabic: ['محمد'],
    sorted: ['100 %', 'ada', 'Ångström', 'Élodie', 'Zoé', 'محمد'],
  });
});
