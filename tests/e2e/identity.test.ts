import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

import { startProvider } from '../support/oidc.ts';
import { becomeFirstAdmin } from './support/people.ts';
import { scenarioAlone } from './support/scenario.ts';

scenarioAlone(
  'an account is linked with the identity provider, which then lets one in, and unlinked again',
  async scene => {
    const person = await becomeFirstAdmin(scene.moulin);
    const { page, open, faults } = await scene.visit({ as: person });
    // The provider is another server of this machine; a browser that is sent there goes there.
    faults.expect(/a request to another machine: GET http:\/\/127\.0\.0\.1:\d+\/auth/);
    faults.allow(/a request to another machine: GET http:\/\/127\.0\.0\.1/);
    faults.expect(/401 \(Unauthorized\)/);

    await open('/account/password');
    await page.getByRole('button', { name: 'Link' }).click();
    await page.getByText('linked', { exact: true }).waitFor();
    assert.match(page.url(), /\/account\/password$/);

    await page.getByRole('button', { name: `Account of ${person.name}` }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByRole('link', { name: 'Sign in with Company login' }).click();
    await page.getByRole('heading', { name: /^Good/ }).waitFor();

    await open('/account/password');
    await page.getByRole('button', { name: 'Unlink' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Unlink' }).click();
    await page.getByText('not linked', { exact: true }).waitFor();
  },
  async t => {
    // Both must know the other's address before they start.
    const port = await freePort();
    const redirect_uri = `http://127.0.0.1:${port}/api/v1/sign-in/oidc/callback`;
    const provider = await startProvider(t, { redirect_uri });
    provider.person = { sub: 'ada-1', email: 'first@example.com', email_verified: true, name: 'First Admin' };
    return {
      MOULIN_PORT: String(port),
      MOULIN_OUTBOUND_ALLOW: '127.0.0.1',
      MOULIN_OIDC_ISSUER: provider.issuer,
      MOULIN_OIDC_CLIENT_ID: provider.client_id,
      MOULIN_OIDC_CLIENT_SECRET: provider.client_secret,
      MOULIN_OIDC_NAME: 'Company login',
    };
  },
);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
