import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import type { Response } from 'playwright-core';
import { createClient } from '../../src/contract/client.ts';
import type { Person, Place } from './support/people.ts';
import { scenario } from './support/scenario.ts';

const FIRST_LOAD_BYTES = 350 * 1000;

scenario('the palette finds pages, people and actions, by the keyboard alone', async scene => {
  const place = await scene.workspace();
  const owner = await scene.person(place, { name: 'Ada Lemaire' });
  await scene.person(place, { role: 'viewer', name: 'Zoé Lefèvre' });
  const { page, open } = await scene.visit({ as: owner });
  await open(`/w/${place.slug}`);

  await page.keyboard.press('Control+k');
  await page.keyboard.type('service acc');
  await page.getByRole('option', { name: /Service accounts/ }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Service accounts', level: 1 }).waitFor();

  await page.keyboard.press('Control+k');
  await page.keyboard.type('zoe');
  await page.getByRole('option', { name: /Zoé Lefèvre/ }).waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Members', level: 1 }).waitFor();

  await page.keyboard.press('Control+k');
  await page.keyboard.type('theme: dark');
  await page.keyboard.press('Enter');
  await page.locator('html[data-mantine-color-scheme="dark"]').waitFor();
});

scenario('the keyboard map is shown, and does what it says', async scene => {
  const place = await scene.workspace();
  const { page, open } = await scene.visit({ as: await scene.person(place) });
  await open(`/w/${place.slug}`);
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keyboard' }).waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('g');
  await page.keyboard.press('m');
  await page.getByRole('heading', { name: 'Members', level: 1 }).waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('nobody');
  await page.getByText('Nothing matches these filters').waitFor();
  // In a field, a letter is a letter.
  await page.keyboard.type('gh');
  assert.equal(await page.getByRole('searchbox', { name: 'Find a member' }).inputValue(), 'nobodygh');
});

scenario(
  'whoever uses the keyboard skips the navigation, and always sees where the focus is',
  async scene => {
    const place = await scene.workspace();
    const { page, open } = await scene.visit({ as: await scene.person(place) });
    await open(`/w/${place.slug}/settings/members`);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate('document.activeElement.id'), 'content');
    await page.getByRole('button', { name: 'Invite somebody' }).focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('E-mail address').waitFor();
    // The focus stays in the dialog, and goes back to the button that opened it.
    for (let n = 0; n < 12; n++) await page.keyboard.press('Tab');
    assert(await page.evaluate(`document.querySelector('[role=dialog]').contains(document.activeElement)`));
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'Invite somebody');
  },
);

scenario('language and theme are changed at once, and follow the person to another machine', async scene => {
  const place = await scene.workspace();
  const person = await scene.person(place);
  const here = await scene.visit({ as: person });
  await here.open(`/w/${place.slug}/settings/members`);
  await here.page.getByRole('button', { name: `Account of ${person.name}` }).click();
  await here.page.getByRole('menuitemradio', { name: 'Français' }).click();
  await here.page.getByRole('heading', { name: 'Membres', level: 1 }).waitFor();
  assert.equal(await here.page.evaluate('document.documentElement.lang'), 'fr');
  assert.equal(await here.page.title(), 'Membres · Moulin');

  await here.open('/account/profile');
  await here.page.getByRole('combobox', { name: 'Thème' }).click();
  await here.page.getByRole('option', { name: 'Sombre' }).click();
  await here.page.getByRole('button', { name: 'Enregistrer le profil' }).click();
  await here.page.locator('html[data-mantine-color-scheme="dark"]').waitFor();

  const there = await scene.visit({ as: person });
  await there.open('/account/profile');
  await there.page.getByRole('heading', { name: 'Profil', level: 1 }).waitFor();
  await there.page.locator('html[data-mantine-color-scheme="dark"]').waitFor();
});

scenario('the API is read and tried on its own page, as oneself and with a token', async scene => {
  const place = await scene.workspace();
  const owner = await scene.person(place);
  const body = { name: 'trial', workspace: place.slug, scopes: ['workspace:read' as const] };
  const { token } = await owner.api['my_tokens.create']({ body });
  const visit = await scene.visit({ as: owner });
  const { page, open } = visit;
  await open(`/w/${place.slug}`);
  await page.getByRole('link', { name: 'API', exact: true }).click();
  await page.getByRole('searchbox', { name: 'Find an operation' }).fill('get members');
  await page.getByRole('link', { name: 'Who belongs to the workspace' }).click();
  await page.getByRole('button', { name: 'Send' }).click();
  await page.getByText('200 OK').waitFor();
  await page.getByRole('region', { name: 'Try it' }).getByText(owner.email).waitFor();

  visit.faults.expect(/403 \(Forbidden\)/);
  await page.getByText('A token', { exact: true }).click();
  await page.getByRole('textbox', { name: 'Token' }).fill(token);
  await page.getByRole('button', { name: 'Send' }).click();
  await page.getByText('403 Forbidden').waitFor();
  await page.getByText('"auth.forbidden"').waitFor();

  await page.getByText('Python', { exact: true }).click();
  await page.getByText('requests.get(').waitFor();
  assert(
    !(await page.getByRole('region', { name: 'In code' }).innerText()).includes(token),
    'the token is in the sample',
  );

  // A stream does not end by itself; what has come is shown, and it can be stopped.
  await open('/api-docs?operation=events.stream');
  await page.getByRole('button', { name: 'Send' }).click();
  await page.getByText('200 OK').waitFor();
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.getByRole('button', { name: 'Send' }).waitFor();
});

scenario('the first load is small, and everything of it comes from this machine', async scene => {
  const place = await scene.workspace();
  const { page, open } = await scene.visit({ as: await scene.person(place) });
  const scripts: Response[] = [];
  page.on('response', response => {
    if (/\.js$/.test(new URL(response.url()).pathname)) scripts.push(response);
  });
  await open(`/w/${place.slug}`);
  // Read here and not as they come: what is fetched ahead while the page closes has no body to read any more.
  const bodies = await Promise.all(scripts.map(script => script.body()));
  const sizes = bodies.map(body => gzipSync(body).length);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  assert(
    sizes.length > 1 && total <= FIRST_LOAD_BYTES,
    `${total} bytes of JavaScript in ${sizes.length} files`,
  );
});

scenario('what one tab changes, another one shows without being asked', async scene => {
  const place = await scene.workspace();
  const owner = await scene.person(place);
  const { page, open } = await scene.visit({ as: owner });
  await open(`/w/${place.slug}/settings/secrets`);
  const api = createClient({
    base_url: scene.moulin.url(),
    headers: () => ({ cookie: `${owner.cookie.name}=${owner.cookie.value}` }),
  });
  await api['secrets.put']({
    params: { name: 'erp-key' },
    body: { value: 'turning' },
    workspace: place.slug,
  });
  await page.getByRole('cell', { name: 'erp-key', exact: true }).waitFor();
});

scenario(
  'Home has all of its cards after six requests at most, one for each that has its own figures',
  async scene => {
    const place = await scene.workspace();
    const owner = await scene.person(place);
    await scene.giveRights(owner);
    const { page, open } = await scene.visit({ as: owner });
    const requests = await open(`/w/${place.slug}`);
    // Not waited for: cards that come later would ask later, and their requests would not have been counted.
    for (const name of ['To begin with', 'Latest changes', 'This workspace', 'This installation', 'Lake'])
      assert(await page.getByRole('heading', { name, level: 2 }).isVisible(), name);
    assert(await page.getByText('all is well').isVisible(), 'what the last card asked for');
    // Six, none of which waits for another: who one is, the workspace, its runs, the incidents, the installation, the lake. The lake's
    // figures are sums over all of its tables: with the workspace's own they would be made again at every change of a member.
    assert(requests.length <= 6, requests.join(', '));
    assert.equal(new Set(requests).size, requests.length, `none is asked twice: ${requests.join(', ')}`);
  },
);

scenario('what happened while nobody listened is on the page all the same', async scene => {
  const place = await scene.workspace();
  const owner = await scene.person(place);
  const { page, open } = await scene.visit({ as: owner });
  // A stream that breaks after its first words, in a place that the store does not have (it was restored, say).
  const lost = `retry: 100\nid: 999999999999\nevent: hello\ndata: {"position":"999999999999","resumed":true}\n\n`;
  let streams = 0;
  await page.route('**/api/v1/events?*', async route => {
    streams += 1;
    if (streams === 1) return route.fulfill({ contentType: 'text/event-stream', body: lost });
    // Before the next one begins, something changes that it will not tell of.
    if (streams === 2) {
      await page.getByText('No secret yet').waitFor();
      await putSecret(owner, place);
    }
    return route.continue();
  });
  await open(`/w/${place.slug}/settings/secrets`);
  await page.getByRole('cell', { name: 'unheard', exact: true }).waitFor();
});

async function putSecret(owner: Person, place: Place): Promise<void> {
  const body = { value: 'turning' };
  await owner.api['secrets.put']({ params: { name: 'unheard' }, body, workspace: place.slug });
}
