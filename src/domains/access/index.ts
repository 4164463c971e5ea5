export { type Actor, actorOf, SYSTEM } from './audit/actor.ts';
export { type AuditNote, CHANGED, type Changes, changesOf, created } from './audit/entry.ts';
export { recordAudit, recordChange } from './audit/record.ts';
export type { OneTimeUrl } from './links/create.ts';
export { providerHosts } from './oidc/provider.ts';
export { type Access, type Denied, openAccess } from './open.ts';
export type { AccessOptions } from './parts.ts';
export { mayRunAs, type RunAs } from './run-as.ts';
export {
  finishRotation,
  type KeyProvider,
  keysCheck,
  openKeyProvider,
  openSecrets,
  type SecretRef,
  type Secrets,
} from './secrets/index.ts';
export type { Credentials, Identified } from './sign-in/identify.ts';
