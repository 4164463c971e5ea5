import { type Endpoint, json } from './call.ts';

/** How long a key is remembered, in the words of ISO 8601: no longer than `retention.idempotency_hours` may be set to. */
const KEY_LIFETIME = 'PT1H';

/**
 * The first thing that a client asks. `warehouse` is the workspace's id or slug; the door has found it, or what the token is
 * for. From here on clients name it by its id, which no renaming changes. Without the list of endpoints they would assume views
 * and metrics wherever they do not know better.
 */
export function configEndpoint(endpoints: readonly Pick<Endpoint, 'method' | 'path'>[]): Endpoint {
  return {
    name: 'config',
    method: 'GET',
    path: '/v1/config',
    permission: 'lake:read',
    handle: async ({ workspace_id }) =>
      json(200, {
        defaults: {},
        overrides: { prefix: workspace_id },
        endpoints: endpoints.map(({ method, path }) => `${method} ${path}`),
        'idempotency-key-lifetime': KEY_LIFETIME,
      }),
  };
}
