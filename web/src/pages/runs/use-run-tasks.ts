import { useMemo } from 'react';
import type { TaskState } from '../../../../src/contract/task-states.ts';
import { type ApiOutput, useApi } from '../../api.ts';
import type { RunDetail } from './run.ts';

/** A task as everything that draws the whole run needs it. Times are milliseconds since 1970. */
export interface RunTask {
  id: string;
  name: string;
  kind: string;
  state: TaskState;
  attempt: number;
  created: number;
  started: number | null;
  ended: number | null;
}

type Edges = ApiOutput<'runs.graph'>['edges'];
const NO_EDGES: Edges = [];

/** All tasks of the run in one compact answer, read again when an event says that some have moved. */
export function useRunTasks(run: RunDetail) {
  const query = useApi('runs.graph', { params: { id: run.id } });
  const made = Date.parse(run.created_at);
  const rows = query.data?.tasks;
  const tasks = useMemo(
    () =>
      (rows ?? []).map(
        ([id, name, kind, state, attempt, created, started, ended]): RunTask => ({
          id,
          name,
          kind,
          state,
          attempt,
          created: made + created,
          started: started === null ? null : made + started,
          ended: ended === null ? null : made + ended,
        }),
      ),
    [rows, made],
  );
  return { query, tasks, edges: query.data?.edges ?? NO_EDGES };
}
