export { buildServer } from './app.ts';
export { backupDownload } from './backup.ts';
export { diskCheck, diskSpace, migrationsCheck, storeCheck } from './health.ts';
export { injectFetch } from './inject-fetch.ts';
export { checkBinding, listen } from './listen.ts';
export type { EventReader, HealthCheck, Identify, ServerConfig, ServerLimits, ServerParts } from './parts.ts';
export { idempotencyStore } from './store.ts';
