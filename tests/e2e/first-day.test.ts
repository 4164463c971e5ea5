import assert from 'node:assert/strict';
import { PASSWORD } from './support/people.ts';
import { scenarioAlone } from './support/scenario.ts';

const EMAIL = 'ada@example.com';

scenarioAlone('the first admin comes in by the link of the console, goes, and comes back', async scene => {
  const visit = await scene.visit();
  const { page } = visit;
  // Before anybody exists, asking who I am is refused, and that is how the page knows.
  visit.faults.expect(/401 \(Unauthorized\)/);

  await visit.open('/');
  await page.getByRole('heading', { name: 'Nobody is here yet' }).waitFor();

  const link = /http:\S+\/link#\S+/.exec(scene.moulin.output())?.[0] ?? '';
  await visit.open(link);
  await page.getByRole('heading', { name: 'Become the first admin' }).waitFor();
  assert(!page.url().includes(new URL(link).hash), 'the token stays in the address');
  await page.getByLabel('Your name').fill('Ada Lemaire');
  await page.getByLabel('E-mail address').fill(EMAIL);
  await page.getByLabel(/^New password/).fill(PASSWORD);
  await page.getByRole('button', { name: 'Begin' }).click();
  await page.getByRole('heading', { name: /^Good (morning|afternoon|evening), Ada$/ }).waitFor();
  assert.match(page.url(), /\/w\/main$/);

  await page.getByRole('button', { name: 'Account of Ada Lemaire' }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();

  await page.getByLabel('E-mail address').fill(EMAIL);
  await page.getByLabel(/^Password/).fill('not this one');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('alert').getByText('The e-mail address or the password is not right.').waitFor();
  assert.equal(await page.getByLabel('E-mail address').inputValue(), EMAIL, 'what was typed is gone');

  await page.getByLabel(/^Password/).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: /Ada$/ }).waitFor();

  // The link has done its work.
  visit.faults.expect(/410 \(Gone\)/);
  await visit.open(link);
  await page.getByText('The link is unknown, expired, withdrawn or was used already.').waitFor();
});

scenarioAlone('a server that stops is noticed, and so is its return', async scene => {
  const place = await scene.workspace();
  const person = await scene.person(place);
  const visit = await scene.visit({ as: person });
  const { page } = visit;
  visit.faults.expect(/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET/);

  await visit.open(`/w/${place.slug}/settings/members`);
  await page.getByRole('cell', { name: person.email }).waitFor();
  await scene.moulin.stop();
  await page.getByText('The connection to Moulin is lost.').waitFor({ timeout: 15_000 });
  // What was read stays readable.
  await page.getByRole('cell', { name: person.email }).waitFor();

  await scene.moulin.startAgain();
  await page.getByText('The connection to Moulin is lost.').waitFor({ state: 'hidden', timeout: 45_000 });

  // What happened meanwhile and what happens now is on the page without reloading it.
  const newcomer = await scene.person(place, { role: 'viewer', name: 'Jonas Müller' });
  // By name: while it is waiting, the invitation has a row with the address.
  await page.getByRole('cell', { name: newcomer.name, exact: true }).waitFor();
});
