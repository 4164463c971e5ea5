import { createHash, createHmac, hkdfSync, pbkdf2Sync, randomBytes } from 'node:crypto';

const ITERATIONS = 4096;
const KEY_BYTES = 32;

/**
 * What PostgreSQL stores for a password (RFC 5803). Made here, so that the password itself is in no statement: servers
 * log statements.
 */
export function scramVerifier(password: string, salt: Buffer = randomBytes(16)): string {
  const salted = pbkdf2Sync(password, salt, ITERATIONS, KEY_BYTES, 'sha256');
  const client_key = createHmac('sha256', salted).update('Client Key').digest();
  const stored_key = createHash('sha256').update(client_key).digest('base64');
  const server_key = createHmac('sha256', salted).update('Server Key').digest('base64');
  return `SCRAM-SHA-256$${ITERATIONS}:${salt.toString('base64')}$${stored_key}:${server_key}`;
}

/** The application role's password on a server of the user's own. `app-secret.ts` says from which secret. */
export function deriveAppPassword(secret: string, instance_id: string): string {
  const bytes = hkdfSync('sha256', secret, instance_id, 'moulin: password of the role moulin_app', 24);
  return Buffer.from(bytes).toString('base64url');
}

export function randomPassword(): string {
  return randomBytes(24).toString('base64url');
}
