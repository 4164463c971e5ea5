import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fail } from '../kit/errors.ts';
import { type Address, codeOf, withClient } from './connection.ts';
import { APP_ROLE, appRoleHolder } from './roles.ts';

// What moulin_app's password on a server of the user's own is derived from. It must be the same at every start and on every
// server of the installation: who comes with another one changes the password, and whoever runs already gets no new
// connection. The owner's own password is such a secret, and nothing has to be kept. It must not be the key-encryption key:
// the role's password is set before that key can be proved, so a server with a wrong key would lock out those with the
// right one; and that key changes.

/**
 * The owner's password as the driver found it: in the address, in PGPASSWORD, in the password file. Else (a certificate,
 * peer, trust) a secret of this installation in a file of the user's own.
 */
export async function appSecret(owner: Address, file: string, instance_id: string): Promise<string> {
  return withClient(owner, 'moulin: roles', async client => {
    if (client.password) return client.password;
    // In this order: whoever claims the role on this machine has made the file before.
    const is_claimed = (await appRoleHolder(client)) === instance_id;
    const kept = readSecret(file);
    if (kept !== undefined) return kept;
    if (is_claimed) throw fail('store.app_password_elsewhere', { role: APP_ROLE, file });
    return makeSecret(file);
  });
}

function readSecret(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Of two first starts one makes it, and both use it. */
function makeSecret(file: string): string {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  try {
    writeFileSync(file, `${randomBytes(32).toString('base64url')}\n`, {
      mode: 0o600,
      flag: 'wx',
      flush: true,
    });
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
  return readFileSync(file, 'utf8').trim();
}
