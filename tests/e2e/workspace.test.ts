import assert from 'node:assert/strict';
import { NAMES } from './support/furnish.ts';
import { scenario } from './support/scenario.ts';

scenario(
  'somebody with two workspaces goes from one to the other, and comes back to the last one',
  async scene => {
    const first = await scene.workspace('Primeurs du Midi');
    const second = await scene.workspace('Entrepôt Lyon');
    const person = await scene.person(first);
    await scene.join(person, second, 'viewer');
    const { page, open } = await scene.visit({ as: person });
    await open(`/w/${first.slug}`);
    await page.getByRole('button', { name: /Primeurs du Midi/ }).click();
    await page.getByRole('menuitem', { name: 'Entrepôt Lyon' }).click();
    await page.waitForURL(`**/w/${second.slug}`);
    await page.getByText(/· Entrepôt Lyon$/).waitFor();
    // A viewer there, an owner here: what leads nowhere is not shown.
    assert.equal(await page.getByRole('link', { name: 'Audit', exact: true }).count(), 0);
    await open('/');
    await page.waitForURL(`**/w/${second.slug}`);
  },
);

scenario('a renamed workspace keeps answering to its former name', async scene => {
  const place = await scene.workspace('Before');
  const { page, open } = await scene.visit({ as: await scene.person(place) });
  await open(`/w/${place.slug}/settings`);
  await page.getByLabel(/^Name/).fill('After');
  await page.getByLabel(/^Short name/).fill(`${place.slug}-after`);
  await page.getByRole('combobox', { name: 'Time zone' }).fill('Tokyo');
  await page.getByRole('option', { name: /Asia\/Tokyo/ }).click();
  await page.getByRole('button', { name: 'Save the workspace' }).click();
  await page.waitForURL(`**/w/${place.slug}-after/settings`);
  await page.getByRole('button', { name: /After/ }).waitFor();
  assert.match(
    await page.getByRole('combobox', { name: 'Time zone' }).inputValue(),
    /Asia\/Tokyo \(GMT\+9\)/,
  );
  await open(`/w/${place.slug}/settings/members?q=nobody`);
  await page.waitForURL(`**/w/${place.slug}-after/settings/members?q=nobody`);
});

scenario('two people save the same thing: the second one sees the difference and decides', async scene => {
  const place = await scene.workspace('Primeurs');
  const visit = await scene.visit({ as: await scene.person(place) });
  visit.faults.expect(/412 \(Precondition Failed\)/);
  await visit.open(`/w/${place.slug}/settings`);
  await visit.page.getByLabel(/^Name/).fill('Mine');

  const other = await visit.tab(`/w/${place.slug}/settings`);
  await other.page.getByLabel(/^Name/).fill('Theirs');
  await other.page.getByRole('button', { name: 'Save the workspace' }).click();
  await other.page.getByText('The workspace is saved.').waitFor();

  // What I typed has stayed, although the page has heard of the other's change.
  assert.equal(await visit.page.getByLabel(/^Name/).inputValue(), 'Mine');
  await visit.page.getByRole('button', { name: 'Save the workspace' }).click();
  const dialog = visit.page.getByRole('dialog', { name: 'Someone else saved first' });
  const row = dialog.getByRole('row', { name: /^Name/ });
  await row.waitFor();
  const cells = await row.getByRole('cell').allInnerTexts();
  assert.deepEqual(cells, ['Primeurs', 'Theirs', 'Mine']);
  await dialog.getByRole('button', { name: 'Save mine on top' }).click();
  await visit.page.getByText('The workspace is saved.').waitFor();
  await other.page.getByRole('button', { name: /Mine/ }).waitFor();
});

scenario('what is typed and not saved is not lost without a question', async scene => {
  const place = await scene.workspace('Primeurs');
  const { page, open } = await scene.visit({ as: await scene.person(place) });
  await open(`/w/${place.slug}/settings/members`);
  await page.getByRole('link', { name: 'General' }).click();
  await page.getByLabel(/^Name/).fill('Half a thought');
  await page.goBack();
  await page.getByRole('dialog').getByRole('button', { name: 'Stay' }).click();
  assert.equal(await page.getByLabel(/^Name/).inputValue(), 'Half a thought');
  await page.getByRole('link', { name: 'Roles' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Leave' }).click();
  await page.getByRole('heading', { name: 'Roles', level: 1 }).waitFor();
});

scenario(
  'what is typed comes back after the tab has died, and is still a conflict with who saved since',
  async scene => {
    const place = await scene.workspace('Primeurs');
    const owner = await scene.person(place);
    const visit = await scene.visit({ as: owner });
    const settings = `/w/${place.slug}/settings`;
    await visit.open(settings);
    await visit.page.getByLabel(/^Name/).fill('Half a thought');
    // As a crash does it: no page is asked whether it may close.
    await visit.page.close();
    const { version } = await owner.api['workspace.show']({ workspace: place.slug });
    await owner.api['workspace.edit']({ body: { name: 'Theirs' }, version, workspace: place.slug });

    visit.faults.expect(/412 \(Precondition Failed\)/);
    const { page, open } = await visit.tab(settings);
    await page.getByText('Your changes of last time are back').waitFor();
    assert.equal(await page.getByLabel(/^Name/).inputValue(), 'Half a thought');
    await page.getByRole('button', { name: 'Save the workspace' }).click();
    const dialog = page.getByRole('dialog', { name: 'Someone else saved first' });
    const row = dialog.getByRole('row', { name: /^Name/ });
    await row.waitFor();
    assert.deepEqual(await row.getByRole('cell').allInnerTexts(), ['Primeurs', 'Theirs', 'Half a thought']);
    await dialog.getByRole('button', { name: 'Close' }).click();

    await page.getByRole('button', { name: 'Discard' }).click();
    assert.equal(
      await page.getByLabel(/^Name/).inputValue(),
      'Theirs',
      'what is saved now, not what was then',
    );
    await open(settings);
    assert.equal(await page.getByText('Your changes of last time').count(), 0);
  },
);

scenario('a workspace is deleted only by typing its name', async scene => {
  const place = await scene.workspace('Primeurs');
  const { page, open } = await scene.visit({ as: await scene.person(place) });
  await open(`/w/${place.slug}/settings`);
  await page.getByRole('button', { name: 'Delete the workspace' }).click();
  const dialog = page.getByRole('dialog');
  const confirm = dialog.getByRole('button', { name: 'Delete the workspace' });
  assert(await confirm.isDisabled());
  await dialog.getByRole('textbox').fill(place.slug);
  await confirm.click();
  await page.getByRole('heading', { name: 'You belong to no workspace yet' }).waitFor();
});

scenario('an installation gets another workspace', async scene => {
  const place = await scene.workspace();
  const person = await scene.person(place);
  await scene.giveRights(person);
  const { page, open } = await scene.visit({ as: person });
  await open('/instance/workspaces');
  await page.getByRole('button', { name: 'Make a workspace' }).click();
  await page.getByRole('dialog').getByLabel(/^Name/).fill('Café « Ünïcødé » 株式会社');
  await page.getByRole('dialog').getByRole('button', { name: 'Make a workspace' }).click();
  await page.getByRole('heading', { name: /^Good/ }).waitFor();
  await page.getByRole('button', { name: /Café « Ünïcødé » 株式会社/ }).waitFor();
});

scenario(
  'names of any script, direction and length are shown whole or cut, and break nothing',
  async scene => {
    const place = await scene.workspace(`Très ${'long '.repeat(90)}`.trim());
    const owner = await scene.person(place, { name: NAMES[3] });
    await Promise.all(NAMES.map(name => scene.person(place, { role: 'viewer', name })));
    for (const width of [360, 1600]) {
      const { page, open } = await scene.visit({ as: owner, width });
      for (const path of ['', '/settings', '/settings/members', '/audit']) {
        await open(`/w/${place.slug}${path}`);
        const wider = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
        assert(wider <= 0, `${path} is ${wider} px wider than ${width}`);
      }
      await open(`/w/${place.slug}/settings/members`);
      // A name that runs from right to left does so in a line that runs from left to right.
      await page.locator('bdi', { hasText: 'محمد الأمين' }).waitFor();
      await page.getByRole('button', { name: 'Actions for محمد الأمين' }).click();
      await page.getByRole('menuitem', { name: 'Change the role' }).click();
      await page.getByRole('dialog', { name: 'Role of محمد الأمين' }).waitFor();
    }
  },
);
