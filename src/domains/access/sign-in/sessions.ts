import { fail } from '../../../base/kit/errors.ts';
import { idKey, readCursor, rowsOf, toPage } from '../../../base/kit/pages.ts';
import type { accessRoutes } from '../../../contract/access.ts';
import type { Handlers } from '../../../contract/route.ts';
import { actorOf } from '../audit/actor.ts';
import type { Parts } from '../parts.ts';
import { requireSession } from '../rights.ts';
import { idleSeconds } from './session.ts';
import { endSessions, sessionsBefore } from './store.ts';

type Routes = Pick<typeof accessRoutes, 'sessions.list' | 'sessions.delete' | 'sessions.delete_others'>;

export function sessionHandlers(parts: Parts): Handlers<Routes> {
  const { store } = parts;
  return {
    'sessions.list': async ({ principal, query }) => {
      // Addresses and browsers of a person are more than a token for one workspace's work should show.
      requireSession(principal);
      const [before] = readCursor(query.cursor, idKey) ?? [];
      const mine = {
        user_id: principal.id,
        before,
        now: parts.now(),
        idle_seconds: idleSeconds(parts.config),
      };
      const rows = await store.withInstance(
        'my sessions',
        tx => sessionsBefore(tx, mine, rowsOf(query.limit)),
        { read_only: true },
      );
      const sessions = rows.map(row => ({ ...row, current: row.id === principal.session_id }));
      return toPage(sessions, query.limit, row => [row.id]);
    },
    'sessions.delete': async call => {
      requireSession(call.principal);
      const { id: user_id, name } = call.principal;
      const { id } = call.params;
      await store.withInstance('end session', async tx => {
        const ended = await endSessions(tx, { user_id, only: id, now: parts.now() });
        if (ended === 0) throw fail('object.not_found', { kind: 'session', id });
        const object = { kind: 'user', id: user_id, name };
        await parts.record(tx, actorOf(call), { workspace_id: null, action: 'session.ended', object });
      });
      if (id === call.principal.session_id) call.session.end();
      return undefined;
    },
    'sessions.delete_others': async call => {
      const except = requireSession(call.principal);
      const { id: user_id, name } = call.principal;
      const ended = await store.withInstance('end sessions', async tx => {
        const count = await endSessions(tx, { user_id, except, now: parts.now() });
        const note = { object: { kind: 'user', id: user_id, name }, changes: { count: { after: count } } };
        if (count > 0)
          await parts.record(tx, actorOf(call), {
            workspace_id: null,
            action: 'session.others_ended',
            ...note,
          });
        return count;
      });
      return { ended };
    },
  };
}
