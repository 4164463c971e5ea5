import type { TestContext } from 'node:test';
import { openCatalogWorld } from './catalog.ts';

const FIELDS = [{ name: 'id', type: 'long', required: true }];

/** A second Moulin, over a real connection. */
export async function otherCatalog(t: TestContext) {
  const world = await openCatalogWorld(t);
  const { client } = await world.person('editor');
  await client['lake_namespaces.create']({ body: { levels: ['shop'] } });
  const addTable = async (name: string) => {
    await client['lake_tables.create']({ body: { namespace: ['shop'], name, fields: FIELDS } });
  };
  await addTable('orders');
  const address = await world.server.listen({ host: '127.0.0.1', port: 0 });
  return { url: `${address}/iceberg`, token: await world.token('viewer'), addTable };
}
