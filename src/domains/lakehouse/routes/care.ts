import type { Tx } from '../../../base/db/index.ts';
import { fail } from '../../../base/kit/errors.ts';
import { readCursor, rowsOf, timeKey, toPage } from '../../../base/kit/pages.ts';
import { checkVersion } from '../../../base/kit/version.ts';
import type { LakePolicy, lakeRoutes } from '../../../contract/lake.ts';
import type { Handlers } from '../../../contract/route.ts';
import { actorOf, changesOf } from '../../access/index.ts';
import { policyFor } from '../health.ts';
import { fullName } from '../names.ts';
import { careBefore } from '../store/commits.ts';
import { policyOf, savePolicy } from '../store/policies.ts';
import { lockTable, saveTablePolicy } from '../store/tables.ts';
import { type LakeRouteParts, needTable, read, write } from './asking.ts';
import { start } from './start.ts';

type Routes = Pick<
  typeof lakeRoutes,
  | 'lake_tables.maintain'
  | 'lake_tables.care'
  | 'lake_tables.policy'
  | 'lake_tables.policy_put'
  | 'lake_policy.show'
  | 'lake_policy.put'
>;

export function careHandlers(parts: LakeRouteParts): Handlers<Routes> {
  return {
    'lake_tables.maintain': async call => {
      const { params, body } = call;
      const row = await needTable(parts, call, params.id);
      if (row.mount !== null) throw fail('lake.read_only', { name: row.name, mount: row.mount });
      const title = `Maintain ${fullName(row.namespace, row.name)}`;
      const input = { table_id: row.id, kinds: body.kinds };
      return start(parts, call, { title, kind: 'table.maintain', input, overlap_key: `lake:${row.id}` });
    },
    'lake_tables.care': async call => {
      const { params, query, workspace_id } = call;
      const row = await needTable(parts, call, params.id);
      const before = readCursor(query.cursor, timeKey);
      const rows = await read(parts, call, tx =>
        careBefore(tx, workspace_id, row.id, before, rowsOf(query.limit)),
      );
      return toPage(rows, query.limit, ({ at, id }) => [at, id]);
    },
    'lake_tables.policy': async call => {
      const row = await needTable(parts, call, call.params.id);
      const { policy } = await read(parts, call, tx => policyOf(tx, call.workspace_id));
      return showPolicy(policy, row);
    },
    'lake_tables.policy_put': async call => {
      const { params, body, version, workspace_id } = call;
      const before = await needTable(parts, call, params.id);
      await write(parts, call, async tx => {
        const locked = await lockTable(tx, workspace_id, before.id);
        if (!locked) throw fail('object.not_found', { kind: 'table', id: before.id });
        checkVersion({ expected: version, current: locked.version });
        await saveTablePolicy(tx, before.id, body);
        await parts.record(tx, actorOf(call), {
          ...{ workspace_id, action: 'table.policy_changed' },
          object: { kind: 'table', id: before.id, name: fullName(before.namespace, before.name) },
          changes: changesOf<Partial<LakePolicy>>(before.policy, body),
        });
      });
      const after = await needTable(parts, call, params.id);
      const { policy } = await read(parts, call, tx => policyOf(tx, workspace_id));
      return showPolicy(policy, after);
    },
    'lake_policy.show': async call => {
      const { policy, version } = await read(parts, call, tx => policyOf(tx, call.workspace_id));
      return { policy: policyFor(policy), version };
    },
    'lake_policy.put': async call => {
      const { body, version, workspace_id } = call;
      return write(parts, call, async (tx: Tx) => {
        const before = await policyOf(tx, workspace_id);
        if (!(await savePolicy(tx, workspace_id, body, version)))
          checkVersion({ expected: version, current: before.version });
        await parts.record(tx, actorOf(call), {
          ...{ workspace_id, action: 'lake.policy_changed' },
          object: { kind: 'lake', id: workspace_id, name: 'lake' },
          changes: changesOf<LakePolicy>(policyFor(before.policy), body),
        });
        const after = await policyOf(tx, workspace_id);
        return { policy: policyFor(after.policy), version: after.version };
      });
    },
  };
}

function showPolicy(
  workspace: Partial<LakePolicy>,
  { policy, version }: { policy: Partial<LakePolicy>; version: number },
) {
  return { policy: policyFor(workspace, policy), own: Object.keys(policy).sort(), version };
}
