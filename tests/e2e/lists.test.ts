import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { furnish } from './support/furnish.ts';
import { scenario } from './support/scenario.ts';

const SECRETS = 60;

scenario('the audit log is filtered in the address, paged, read in detail and exported', async scene => {
  const place = await scene.workspace();
  const owner = await scene.person(place, { name: 'Ada Lemaire' });
  await furnish(scene, place, owner);
  for (let n = 1; n <= SECRETS; n++)
    await owner.api['secrets.put']({
      params: { name: `secret-${n}` },
      body: { value: 'turning' },
      workspace: place.slug,
    });
  const { page, open } = await scene.visit({ as: owner });

  await open(`/w/${place.slug}/audit`);
  await page.getByText('50 rows on this page').waitFor();
  const newest = page.getByRole('cell', { name: `Secret secret-${SECRETS}` });
  await newest.waitFor();
  await page.getByRole('button', { name: 'Next' }).click();
  await newest.waitFor({ state: 'hidden' });
  assert.match(page.url(), /cursor=/);
  await page.goBack();
  await newest.waitFor();

  await page.getByRole('combobox', { name: 'What' }).click();
  await page.getByRole('option', { name: 'Token made' }).click();
  await page.getByText('2 rows on this page').waitFor();
  assert.match(page.url(), /action=token\.created/);
  await page.reload();
  await page.getByText('2 rows on this page').waitFor();

  await page
    .getByRole('row', { name: /laptop/ })
    .getByRole('button')
    .click();
  const details = page.getByRole('dialog', { name: 'Token made' });
  await details.getByRole('row', { name: /expires_at/ }).waitFor();
  assert.match(page.url(), /entry=/);
  await details.getByRole('button', { name: /^Only about/ }).click();
  await page.getByText('1 row on this page').waitFor();
  await page.goBack();
  await details.waitFor();

  await open(`/w/${place.slug}/audit?action=secret.created`);
  await page.getByRole('button', { name: 'Export' }).click();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('menuitem', { name: 'As CSV' }).click(),
  ]);
  const lines = (await readFile(await download.path(), 'utf8')).trim().split(/\r?\n/);
  // All pages of it, not the one on screen.
  assert.equal(lines.length, 1 + SECRETS + 1, 'a heading, and one line for each secret');
});

scenario('the audit log is sorted by the server, and only by what the server can sort by', async scene => {
  const place = await scene.workspace();
  const owner = await scene.person(place, { name: 'Ada Lemaire' });
  for (let n = 1; n <= SECRETS; n++)
    await owner.api['secrets.put']({
      params: { name: `secret-${n}` },
      body: { value: 'turning' },
      workspace: place.slug,
    });
  const { page, open } = await scene.visit({ as: owner });
  await open(`/w/${place.slug}/audit?action=secret.created`);
  const when = page.getByRole('columnheader', { name: 'When' });
  const secret = (n: number) => page.getByRole('cell', { name: `Secret secret-${n}`, exact: true });
  assert.equal(await when.getAttribute('aria-sort'), 'descending', 'newest first, and it says so');
  await secret(SECRETS).waitFor();
  assert.equal(await page.getByRole('columnheader').getByRole('button').count(), 1);

  await when.getByRole('button').focus();
  await page.keyboard.press('Enter');
  // The oldest of all, not of the page that was here.
  await secret(1).waitFor();
  assert.equal(await when.getAttribute('aria-sort'), 'ascending');
  assert.match(page.url(), /sort=at/);
  await page.getByRole('button', { name: 'Next' }).click();
  await secret(SECRETS).waitFor();
  assert.match(page.url(), /sort=at&.*cursor=|cursor=.*&sort=at/);

  await when.getByRole('button').click();
  await secret(SECRETS).waitFor();
  assert.doesNotMatch(page.url(), /sort=|cursor=/);
  await page.goBack();
  await when.and(page.locator('[aria-sort="ascending"]')).waitFor();
});

scenario('a period of two days is whole days of the workspace', async scene => {
  const place = await scene.workspace();
  const owner = await scene.person(place);
  const { page, open } = await scene.visit({ as: owner });
  await open(`/w/${place.slug}/audit`);
  await page.getByRole('combobox', { name: 'Any time' }).click();
  await page.getByRole('option', { name: 'From … to …' }).click();
  const today = await page.evaluate<string>(
    `new Date().toLocaleDateString('sv', { timeZone: 'Europe/Paris' })`,
  );
  await page.getByLabel('To', { exact: true }).fill('2020-01-01');
  await page.getByText('Nothing matches these filters').waitFor();
  await page.getByLabel('To', { exact: true }).fill(today);
  await page.getByRole('cell', { name: 'Member added', exact: true }).waitFor();
  await page.getByRole('button', { name: 'Clear filters' }).click();
  assert.equal(new URL(page.url()).search, '');
});

scenario('a list has a state for everything that may happen to it', async scene => {
  const place = await scene.workspace();
  const owner = await scene.person(place);
  const visit = await scene.visit({ as: owner });
  const { page, open } = visit;

  await open(`/w/${place.slug}/settings/secrets`);
  await page.getByText('No secret yet').waitFor();
  assert.equal(
    await page.getByRole('button', { name: 'Set a secret' }).count(),
    1,
    'one thing to do, said once',
  );

  await open(`/w/${place.slug}/settings/members?q=nobody`);
  await page.getByText('Nothing matches these filters').waitFor();
  await page.getByRole('button', { name: 'Clear filters' }).first().click();
  await page.getByRole('cell', { name: owner.email }).waitFor();

  // The store fails once: what went wrong, under which number, and a way to try again.
  visit.faults.expect(/500 \(Internal Server Error\)/);
  await page.route('**/api/v1/secrets?*', route => route.fulfill(PROBLEM), { times: 1 });
  await open(`/w/${place.slug}/settings/secrets`);
  const alert = page.getByRole('alert');
  await alert.getByText('Something went wrong in Moulin').waitFor();
  await alert.getByText(REQUEST_ID, { exact: true }).waitFor();
  await alert.getByRole('button', { name: 'Copy details' }).click();
  assert.match(await page.evaluate<string>('navigator.clipboard.readText()'), new RegExp(REQUEST_ID));
  await alert.getByRole('button', { name: 'Try again' }).click();
  await page.getByText('No secret yet').waitFor();
});

const REQUEST_ID = '01987b2c-7f3a-7c1e-9d55-0a4be91c6f20';
const PROBLEM = {
  status: 500,
  contentType: 'application/problem+json',
  body: JSON.stringify({
    type: 'urn:moulin:error:internal.unexpected',
    title: 'Something went wrong in Moulin',
    status: 500,
    detail: `An unexpected error happened; it is in the log under request ${REQUEST_ID}.`,
    code: 'internal.unexpected',
    hint: 'Try again. If it stays, report it with the request id.',
    params: { request_id: REQUEST_ID },
    request_id: REQUEST_ID,
    errors: [],
  }),
};

scenario('who may not see a page is told who can change that', async scene => {
  const place = await scene.workspace();
  const viewer = await scene.person(place, { role: 'viewer' });
  const { page, open } = await scene.visit({ as: viewer });
  await open(`/w/${place.slug}/audit`);
  await page.getByText('Your role does not reach this page').waitFor();
  await page.getByText(/audit:read.*Owner and Admin/).waitFor();
  await open('/instance/health');
  await page.getByText(/instance:health/).waitFor();
});

scenario('a list is sorted, its columns are chosen, and what is shown is what is saved', async scene => {
  const place = await scene.workspace();
  const owner = await scene.person(place, { name: 'Ada Lemaire' });
  await furnish(scene, place, owner);
  const { page, open } = await scene.visit({ as: owner });
  await open(`/w/${place.slug}/settings/members`);
  const first = () => page.getByRole('row').nth(1).getByRole('cell').first().innerText();
  await page.getByRole('button', { name: 'Name' }).click();
  assert.match(await first(), /^Ada/);
  await page.getByRole('button', { name: 'Name' }).click();
  assert.equal(
    await page.getByRole('columnheader', { name: 'Name' }).getAttribute('aria-sort'),
    'descending',
  );
  assert.doesNotMatch(await first(), /^Ada/);
  assert.match(page.url(), /sort=-name/);

  await page.getByRole('button', { name: 'Columns' }).first().click();
  await page.getByRole('checkbox', { name: 'Given' }).check();
  await page.keyboard.press('Escape');
  await page.getByRole('columnheader', { name: 'Given' }).waitFor();
  await page.getByRole('searchbox', { name: 'Find a member' }).fill('zoe');
  await page.getByText('1 of 5 rows').waitFor();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Export as CSV' }).first().click(),
  ]);
  const csv = await readFile(await download.path(), 'utf8');
  assert.match(csv, /^\uFEFFName,E-mail address,Role,Given,Member since\r\nZoé Lefèvre,/);
});
