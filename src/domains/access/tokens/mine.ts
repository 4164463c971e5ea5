import { fail } from '../../../base/kit/errors.ts';
import { idKey, readCursor, rowsOf, toPage } from '../../../base/kit/pages.ts';
import type { accessRoutes } from '../../../contract/access.ts';
import type { Handlers } from '../../../contract/route.ts';
import { actorOf } from '../audit/actor.ts';
import type { Parts } from '../parts.ts';
import { requirePerson, requireSession } from '../rights.ts';
import { issueToken, toToken } from './issue.ts';
import { myTokensBefore, revokeMyToken, workspaceOfMember } from './store.ts';

type Routes = Pick<typeof accessRoutes, 'my_tokens.list' | 'my_tokens.create' | 'my_tokens.delete'>;

/** One person's tokens of all their workspaces: through the instance door, filtered by the person. A token sees its own workspace only. */
export function myTokenHandlers(parts: Parts): Handlers<Routes> {
  const { store } = parts;
  return {
    'my_tokens.list': async ({ principal, query }) => {
      requirePerson(principal);
      const [before] = readCursor(query.cursor, idKey) ?? [];
      const mine = { user_id: principal.id, workspace_id: principal.token_workspace_id, before };
      const rows = await store.withInstance(
        'my tokens',
        tx => myTokensBefore(tx, mine, rowsOf(query.limit)),
        {
          read_only: true,
        },
      );
      return toPage(rows.map(toToken), query.limit, row => [row.id]);
    },
    'my_tokens.create': async call => {
      requireSession(call.principal);
      const { workspace: ref, ...wanted } = call.body;
      const { id, name } = call.principal;
      return store.withInstance('my token', async tx => {
        const workspace_id = await workspaceOfMember(tx, id, ref);
        if (workspace_id === undefined) throw fail('object.not_found', { kind: 'workspace', id: ref });
        return issueToken(parts, tx, actorOf(call), {
          wanted,
          owner: { kind: 'person', id, name },
          workspace_id,
        });
      });
    },
    'my_tokens.delete': async call => {
      requireSession(call.principal);
      const { id } = call.params;
      await store.withInstance('revoke my token', async tx => {
        const token = await revokeMyToken(tx, call.principal.id, id, parts.now());
        if (!token) throw fail('object.not_found', { kind: 'token', id });
        const object = { kind: 'token', id, name: `${token.name} (${token.prefix})` };
        const { workspace_id } = token;
        await parts.record(tx, actorOf(call), { workspace_id, action: 'token.revoked', object });
      });
      return undefined;
    },
  };
}
