import { sql } from 'kysely';
import type { Store } from '../../base/db/index.ts';
import type { IdempotencyStore, Stored } from './idempotency.ts';

// All SQL of the HTTP door. The table crosses workspaces: its scope is a hash of who asked and where.

const ONE_MINUTE_SECONDS = 60;
/** Longer than any handler may take: whoever began then and has not ended never will. */
const ABANDONED_SECONDS = 2 * ONE_MINUTE_SECONDS;
const SWEEP_ROWS = 5000;

export function idempotencyStore(store: Store, keep_hours: number): IdempotencyStore {
  const kept = sql`make_interval(secs => ${keep_hours * 3600})`;
  return {
    claim: ({ scope, key, request_hash }) =>
      store.withInstance('claim idempotency key', async tx => {
        // An expired row counts as none, whether it was swept yet or not.
        const claimed = await sql`
          insert into idempotency_keys as k (scope, key, request_hash) values (${scope}, ${key}, ${request_hash})
          on conflict (scope, key) do update
            set request_hash = excluded.request_hash, status = null, response = null, headers = null, created_at = now()
            where k.created_at < now() - ${kept}
          returning 1`.execute(tx);
        if (claimed.rows.length > 0) return undefined;
        const found = await sql<Stored>`
          select request_hash, status, response->>'sealed' as sealed,
            coalesce(headers->>'interrupted' = 'true', false)
              or created_at < now() - make_interval(secs => ${ABANDONED_SECONDS}) as interrupted
          from idempotency_keys where scope = ${scope} and key = ${key}`.execute(tx);
        return found.rows[0];
      }),

    complete: ({ scope, key, status, sealed }) =>
      store.withInstance('store idempotent answer', async tx => {
        await sql`
          update idempotency_keys set status = ${status}, response = jsonb_build_object('sealed', ${sealed}::text)
          where scope = ${scope} and key = ${key}`.execute(tx);
      }),

    release: ({ scope, key }) =>
      store.withInstance('release idempotency key', async tx => {
        await sql`delete from idempotency_keys where scope = ${scope} and key = ${key}`.execute(tx);
      }),

    interrupt: ({ scope, key }) =>
      store.withInstance('mark idempotency key', async tx => {
        await sql`
          update idempotency_keys set headers = '{"interrupted": true}' where scope = ${scope} and key = ${key}`.execute(
          tx,
        );
      }),

    sweep: () =>
      store.withInstance('sweep idempotency keys', async tx => {
        const swept = await sql`
          delete from idempotency_keys where (scope, key) in (
            select scope, key from idempotency_keys where created_at < now() - ${kept}
            order by created_at limit ${SWEEP_ROWS})`.execute(tx);
        return Number(swept.numAffectedRows ?? 0);
      }),
  };
}
