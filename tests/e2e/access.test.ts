import assert from 'node:assert/strict';
import { createClient, isApiError } from '../../src/contract/client.ts';
import { PASSWORD } from './support/people.ts';
import { scenario } from './support/scenario.ts';

scenario('a colleague is invited by a link and comes in on another machine', async scene => {
  const place = await scene.workspace('Primeurs du Midi');
  const owner = await scene.visit({ as: await scene.person(place) });
  await owner.open(`/w/${place.slug}/settings/members`);
  await owner.page.getByRole('button', { name: 'Invite somebody' }).click();
  const dialog = owner.page.getByRole('dialog');
  await dialog.getByLabel('E-mail address').fill('karim@example.com');
  await dialog.getByRole('radio', { name: 'Operator' }).check();
  await dialog.getByRole('button', { name: 'Make the link' }).click();
  const link = await dialog.getByRole('textbox', { name: 'Invitation link' }).inputValue();
  await dialog.getByRole('button', { name: 'Copy' }).click();
  assert.equal(await owner.page.evaluate('navigator.clipboard.readText()'), link);
  await dialog.getByRole('button', { name: 'Done' }).click();
  await owner.page.getByRole('cell', { name: 'karim@example.com', exact: true }).waitFor();

  const guest = await scene.visit();
  await guest.open(link);
  await guest.page.getByRole('heading', { name: 'Join Primeurs du Midi' }).waitFor();
  await guest.page.getByLabel('Your name').fill('Karim Benali');
  await guest.page.getByLabel(/^New password/).fill(PASSWORD);
  await guest.page.getByRole('button', { name: 'Join' }).click();
  await guest.page.getByRole('heading', { name: /Karim$/ }).waitFor();

  // The owner's page, still open, shows a member where an invitation was.
  await owner.page.getByRole('row', { name: /Karim Benali.*Operator/ }).waitFor();
  await owner.page.getByRole('heading', { name: 'Invitations that wait' }).waitFor({ state: 'hidden' });
});

scenario('a role that changes opens and closes pages at once, and can be taken back', async scene => {
  const place = await scene.workspace();
  const owner = await scene.visit({ as: await scene.person(place) });
  const zoe = await scene.person(place, { role: 'viewer', name: 'Zoé Lefèvre' });
  const viewer = await scene.visit({ as: zoe });
  // The list of invitations may be asked for again before the page has heard that it is not for this role any more.
  viewer.faults.allow(/403 \(Forbidden\).*invitations/);
  await viewer.open(`/w/${place.slug}/settings/members`);
  assert.equal(await viewer.page.getByRole('button', { name: 'Invite somebody' }).count(), 0);

  await owner.open(`/w/${place.slug}/settings/members`);
  await owner.page.getByRole('button', { name: 'Actions for Zoé Lefèvre' }).click();
  await owner.page.getByRole('menuitem', { name: 'Change the role' }).click();
  await owner.page.getByRole('radio', { name: 'Admin' }).check();
  await owner.page.getByRole('dialog').getByRole('button', { name: 'Change the role' }).click();
  await owner.page.getByRole('row', { name: /Zoé Lefèvre.*Admin/ }).waitFor();
  await viewer.page.getByRole('button', { name: 'Invite somebody' }).waitFor();

  await owner.page.getByRole('button', { name: 'Undo' }).click();
  await owner.page.getByRole('row', { name: /Zoé Lefèvre.*Viewer/ }).waitFor();
  await viewer.page.getByRole('button', { name: 'Invite somebody' }).waitFor({ state: 'hidden' });
});

scenario('a member who is removed while signed in is shown out of the workspace at once', async scene => {
  const place = await scene.workspace();
  const owner = await scene.visit({ as: await scene.person(place) });
  const zoe = await scene.person(place, { role: 'editor', name: 'Zoé Lefèvre' });
  const visit = await scene.visit({ as: zoe });
  // Whatever the page asks of the workspace before it has heard is answered as if there was none.
  visit.faults.allow(/404 \(Not Found\)/);
  await visit.open(`/w/${place.slug}/settings/members`);

  await owner.open(`/w/${place.slug}/settings/members`);
  await owner.page.getByRole('button', { name: 'Actions for Zoé Lefèvre' }).click();
  await owner.page.getByRole('menuitem', { name: 'Remove' }).click();
  await owner.page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await owner.page.getByRole('row', { name: /Zoé Lefèvre/ }).waitFor({ state: 'hidden' });

  await visit.page.getByRole('heading', { name: `There is no workspace “${place.slug}” here` }).waitFor();
});

scenario('the last owner cannot leave, and is told what to do', async scene => {
  const place = await scene.workspace();
  const visit = await scene.visit({ as: await scene.person(place, { name: 'Ada Lemaire' }) });
  visit.faults.expect(/409 \(Conflict\)/);
  await visit.open(`/w/${place.slug}/settings`);
  await visit.page.getByRole('button', { name: 'Leave the workspace' }).click();
  await visit.page.getByRole('dialog').getByRole('button', { name: 'Leave the workspace' }).click();
  await visit.page.getByRole('alert').getByText('Make somebody else an owner first.').waitFor();
});

scenario('a token is shown once, works, shows its use, and is refused when it is revoked', async scene => {
  const place = await scene.workspace();
  const visit = await scene.visit({ as: await scene.person(place, { role: 'admin' }) });
  const { page } = visit;
  await visit.open('/account/tokens');
  await page.getByRole('button', { name: 'Make a token' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('laptop');
  await dialog.getByRole('radio', { name: 'Only what I choose' }).check();
  // An admin's token cannot be given what only an owner may do.
  assert(await dialog.getByRole('checkbox', { name: 'Delete it' }).isDisabled());
  await dialog.getByRole('checkbox', { name: 'See who belongs to it' }).check();
  await dialog.getByRole('button', { name: 'Make a token' }).click();
  const token = await dialog.getByRole('textbox', { name: 'Token' }).inputValue();
  await dialog.getByRole('button', { name: 'Done' }).click();
  assert(!(await page.content()).includes(token), 'the page still holds the token');

  const api = createClient({
    base_url: scene.moulin.url(),
    headers: () => ({ authorization: `Bearer ${token}` }),
  });
  assert.equal((await api['members.list']()).items.length, 1);
  await assert.rejects(api['secrets.list'](), error => isApiError(error, 'auth.forbidden'));
  await page.reload();
  await page.getByRole('row', { name: /laptop.*now/ }).waitFor();

  await page.getByRole('button', { name: 'Actions for laptop' }).click();
  await page.getByRole('menuitem', { name: 'Revoke' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
  await page.getByText('You have no token yet').waitFor();
  await assert.rejects(api['members.list'](), error => isApiError(error, 'auth.invalid'));
});

scenario('a service account is made, gets a token, and both are gone when it is deleted', async scene => {
  const place = await scene.workspace();
  const visit = await scene.visit({ as: await scene.person(place) });
  const { page } = visit;
  await visit.open(`/w/${place.slug}/settings/service-accounts`);
  await page.getByRole('button', { name: 'Make a service account' }).click();
  await page.getByRole('dialog').getByLabel('Name').fill('nightly-export');
  await page.getByRole('dialog').getByRole('button', { name: 'Make a service account' }).click();
  await page.getByRole('heading', { name: 'nightly-export' }).waitFor();

  await page.getByRole('button', { name: 'Make a token' }).click();
  await page.getByRole('dialog').getByLabel('Name').fill('cron');
  await page.getByRole('dialog').getByRole('button', { name: 'Make a token' }).click();
  const token = await page.getByRole('dialog').getByRole('textbox', { name: 'Token' }).inputValue();
  await page.getByRole('dialog').getByRole('button', { name: 'Done' }).click();
  const api = createClient({
    base_url: scene.moulin.url(),
    headers: () => ({ authorization: `Bearer ${token}` }),
  });
  assert.equal((await api['me.show']()).name, 'nightly-export');

  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await page.getByText('No service account yet').waitFor();
  await assert.rejects(api['me.show'](), error => isApiError(error, 'auth.invalid'));
});

scenario(
  'a session that is ended elsewhere shows the sign-in at once, which leads back to where one was',
  async scene => {
    const place = await scene.workspace();
    const person = await scene.person(place);
    const here = await scene.visit({ as: person });
    const there = await scene.visit();
    there.faults.expect(/401 \(Unauthorized\)/);

    await there.open(`/w/${place.slug}/settings/roles`);
    await there.page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await there.page.getByLabel('E-mail address').fill(person.email);
    await there.page.getByLabel(/^Password/).fill(person.password);
    await there.page.getByRole('button', { name: 'Sign in' }).click();
    await there.page.getByRole('heading', { name: 'Roles', level: 1 }).waitFor();

    await here.open('/account/sessions');
    await here.page.getByRole('button', { name: 'End all others' }).click();
    await here.page.getByRole('dialog').getByRole('button', { name: 'End all others' }).click();
    await here.page.getByText('1 session has ended.').waitFor();

    await there.page.getByRole('heading', { name: 'Sign in' }).waitFor();
    assert.match(there.page.url(), /next=.*roles/);
  },
);

scenario('a password is changed, and only the new one works', async scene => {
  const place = await scene.workspace();
  const person = await scene.person(place);
  const visit = await scene.visit({ as: person });
  const { page } = visit;
  visit.faults.expect(/403 \(Forbidden\)|400 \(Bad Request\)/);
  await visit.open('/account/password');
  await page.getByLabel(/^Current password/).fill('not this one');
  await page.getByLabel(/^New password/).fill('four other quiet words');
  await page.getByRole('button', { name: 'Change the password' }).click();
  await page.getByRole('alert').getByText('The current password is not right.').waitFor();

  await page.getByLabel(/^Current password/).fill(person.password);
  await page.getByRole('button', { name: 'Change the password' }).click();
  await page.getByText('The password is changed.').waitFor();
  const api = createClient({ base_url: scene.moulin.url() });
  const signIn = (password: string) => api['sign_in.password']({ body: { email: person.email, password } });
  await assert.rejects(signIn(person.password), error => isApiError(error, 'sign_in.refused'));
  assert.equal((await signIn('four other quiet words')).id, person.id);
});

scenario('an account is disabled by the installation, and a link brings a new password', async scene => {
  const place = await scene.workspace();
  const admin = await scene.person(place, { name: 'Ada Lemaire' });
  await scene.giveRights(admin);
  const zoe = await scene.person(place, { role: 'viewer', name: 'Zoé Lefèvre' });
  const visit = await scene.visit({ as: admin });
  const { page } = visit;
  await visit.open(`/instance/people?q=${zoe.email}`);
  await page.getByRole('button', { name: 'Actions for Zoé Lefèvre' }).click();
  await page.getByRole('menuitem', { name: 'Disable the account' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Disable the account' }).click();
  await page.getByRole('row', { name: /Zoé Lefèvre disabled/ }).waitFor();
  await assert.rejects(zoe.api['me.show'](), error => isApiError(error, 'auth.invalid'));

  await page.getByRole('button', { name: 'Actions for Zoé Lefèvre' }).click();
  await page.getByRole('menuitem', { name: 'Enable the account' }).click();
  await page.getByRole('row', { name: /Zoé Lefèvre disabled/ }).waitFor({ state: 'hidden' });
  await page.getByRole('button', { name: 'Actions for Zoé Lefèvre' }).click();
  await page.getByRole('menuitem', { name: 'Make a link for a new password' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Make the link' }).click();
  const link = await page.getByRole('textbox', { name: 'One-time link' }).inputValue();

  const guest = await scene.visit();
  await guest.open(link);
  await guest.page.getByRole('heading', { name: 'Choose a new password' }).waitFor();
  await guest.page.getByLabel(/^New password/).fill('four other quiet words');
  await guest.page.getByRole('button', { name: 'Save the password' }).click();
  await guest.page.getByRole('heading', { name: /Zoé$/ }).waitFor();
});
