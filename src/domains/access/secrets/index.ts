export { secretHandlers } from './routes.ts';
export { fileKeys, givenKeys, type KeyProvider, keyFile, openKeyProvider } from './keys.ts';
export { openSecrets, type Secrets } from './secrets.ts';
export type { SecretRef, SecretState } from './store.ts';
