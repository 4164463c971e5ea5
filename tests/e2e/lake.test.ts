import assert from 'node:assert/strict';
import { bringRows } from './support/furnish.ts';
import type { Person, Place } from './support/people.ts';
import { type Scene, scenario } from './support/scenario.ts';

async function settleIn(scene: Scene): Promise<{ place: Place; owner: Person }> {
  const place = await scene.workspace();
  const owner = await scene.person(place, { name: 'Ada Lemaire' });
  return { place, owner };
}

const CSV = 'id,city,amount\n1,Lyon,12.50\n2,Genève,99.90\n3,Lyon,3.00\n';

scenario('a file becomes a table, which is looked at from all sides', async scene => {
  const { place, owner } = await settleIn(scene);
  const { page, open } = await scene.visit({ as: owner });
  await open(`/w/${place.slug}/lake`);
  await page.getByText('There is no table yet').waitFor();
  await page.getByRole('link', { name: 'Bring a file' }).first().click();
  await page
    .locator('input[type=file]')
    .setInputFiles({ name: 'Commandes été.csv', mimeType: 'text/csv', buffer: Buffer.from(CSV) });
  const table = page.getByLabel('Name', { exact: false }).last();
  assert.equal(await table.inputValue(), 'commandes_ete');
  await page.getByRole('button', { name: 'Bring them in' }).click();
  await page.waitForURL(`**/w/${place.slug}/runs/*`);
  await page.getByText('succeeded').first().waitFor();

  await open(`/w/${place.slug}/lake`);
  await page.getByRole('link', { name: 'uploads.commandes_ete' }).click();
  await page.getByRole('heading', { name: 'commandes_ete' }).waitFor();
  await page.getByText('3 rows in 1 file').waitFor();
  await page.getByRole('link', { name: 'Files', exact: true }).click();
  await page.getByRole('button', { name: /^Statistics of/ }).click();
  const amount = page.getByRole('row', { name: /^amount/ });
  assert.match(await amount.innerText(), /3\b.*\b99\.9/s);
  await page.getByRole('link', { name: 'Read from elsewhere' }).click();
  await page.getByText('FROM lake.uploads.commandes_ete;').waitFor();
});

scenario('a schema is changed only after one has seen what happens', async scene => {
  const { place, owner } = await settleIn(scene);
  const { page, open } = await scene.visit({ as: owner });
  await bringRows(owner.api, place.slug, [{ id: 1, city: 'Lyon' }], 'places');
  await open(`/w/${place.slug}/lake`);
  await page.getByRole('link', { name: 'shop.places' }).click();
  await page.getByRole('button', { name: 'Change the schema' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('New name').fill('country');
  await dialog.getByLabel('Type').fill('text');
  await dialog.getByRole('button', { name: 'See what happens' }).click();
  await dialog.getByRole('listitem').filter({ hasText: 'country' }).waitFor();
  assert.equal(await page.getByRole('cell', { name: 'country' }).count(), 0, 'nothing happened yet');
  await dialog.getByRole('button', { name: 'Change the schema' }).click();
  await page.getByRole('cell', { name: 'country' }).waitFor();
  await page.getByRole('heading', { name: 'How it came about' }).waitFor();
});

scenario('a table goes back to what it was, and away', async scene => {
  const { place, owner } = await settleIn(scene);
  const { page, open } = await scene.visit({ as: owner });
  for (const id of [1, 2]) await bringRows(owner.api, place.slug, [{ id }], 'steps');
  await open(`/w/${place.slug}/lake`);
  await page.getByRole('link', { name: 'shop.steps' }).click();
  await page.getByText('2 rows').first().waitFor();
  await page.getByRole('link', { name: 'Snapshots' }).click();
  const boxes = page.getByRole('checkbox', { name: /^Select the snapshot/ });
  for (const at of [0, 1]) await boxes.nth(at).check();
  await page.getByRole('button', { name: 'Compare the two' }).click();
  await page.getByText('+1', { exact: true }).first().waitFor();
  await page
    .getByRole('button', { name: /^Actions for/ })
    .last()
    .click();
  await page.getByRole('menuitem', { name: 'Go back to it' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('−1', { exact: true }).first().waitFor();
  await dialog.getByRole('button', { name: 'Go back' }).click();
  await page.getByText('1 row in').waitFor();
  await page.getByText('set aside').waitFor();

  await page.getByRole('button', { name: 'Actions for shop.steps' }).click();
  await page.getByRole('menuitem', { name: 'Drop' }).click();
  await dialog.getByRole('textbox').fill('steps');
  await dialog.getByRole('button', { name: 'Drop the table' }).click();
  await page.getByText('There is no table yet').waitFor();
});

scenario('a reader sees tables and changes nothing', async scene => {
  const { place, owner } = await settleIn(scene);
  await bringRows(owner.api, place.slug, [{ id: 1 }], 'seen');
  const viewer = await scene.person(place, { role: 'viewer' });
  const { page, open } = await scene.visit({ as: viewer });
  await open(`/w/${place.slug}/lake`);
  assert.equal(await page.getByRole('link', { name: 'Bring a file' }).count(), 0);
  await page.getByRole('link', { name: 'shop.seen' }).click();
  await page.getByRole('cell', { name: 'id' }).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Change the schema' }).count(), 0);
  await page.getByRole('button', { name: 'Actions for shop.seen' }).click();
  assert.deepEqual(await page.getByRole('menuitem').allInnerTexts(), ['Export to a file']);
});
