export { finishRotation } from './finish-rotation.ts';
export { keysCheck } from './health.ts';
export { type KeyProvider, openKeyProvider } from './keys.ts';
export { secretHandlers } from './routes.ts';
export { openSecrets, type Secrets } from './secrets.ts';
export type { SecretRef, SecretState } from './store.ts';
