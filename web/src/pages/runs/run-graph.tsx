import { type ReactNode, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { GraphCanvas } from '../../parts/graph/graph-canvas.tsx';
import { groupNodes } from '../../parts/graph/groups.ts';
import type { Edge } from '../../parts/graph/layers.ts';
import { useLayout } from '../../parts/graph/use-layout.ts';
import { StateLink } from '../../parts/state-link.tsx';
import { useUrlState } from '../../use-url-state.ts';
import { GroupNode, GroupPanel, TaskNode } from './graph-nodes.tsx';
import css from './run-graph.module.css';
import type { RunTask } from './use-run-tasks.ts';

interface GraphProps {
  tasks: readonly RunTask[];
  edges: readonly Edge[];
}

/** More than this nobody takes in at once, and no layout is quick. */
const MOST_NODES = 300;
const MOST_EDGES = 3000;
/** Beyond this not even on demand: the list of tasks is the way. */
const MOST_ON_DEMAND = 1500;
const SIZE = { width: 184, height: 52, gap_x: 64, gap_y: 18 };

/** What depends on what, coloured by how it is. Thousands of tasks are a few groups, each of which opens. */
export default function RunGraph({ tasks, edges }: GraphProps) {
  const { t } = useTranslation('runs');
  const [{ all }] = useUrlState();
  const many = tasks.length > MOST_NODES || edges.length > MOST_EDGES;
  if (!many || (all !== undefined && tasks.length <= MOST_ON_DEMAND))
    return (
      <SingleTasks tasks={tasks} edges={edges}>
        {many && (
          <StateLink change={{ all: null }} className={css.choice}>
            {t('graph.show_groups')}
          </StateLink>
        )}
      </SingleTasks>
    );
  return <Groups tasks={tasks} edges={edges} />;
}

function SingleTasks({ tasks, edges, children }: GraphProps & { children: ReactNode }) {
  const { t } = useTranslation('runs');
  const [{ task: open }] = useUrlState();
  const boxes = useLayout(tasks.length, edges, SIZE, false);
  const nodes = useMemo(
    () =>
      tasks.map(task => ({
        id: task.id,
        name: task.name,
        content: <TaskNode task={task} current={task.id === open} />,
      })),
    [tasks, open],
  );
  return (
    <GraphCanvas label={t('graph.label')} nodes={nodes} edges={edges} boxes={boxes} size={SIZE}>
      {children}
    </GraphCanvas>
  );
}

function Groups({ tasks, edges }: GraphProps) {
  const { t } = useTranslation('runs');
  const [{ group: open }] = useUrlState();
  const grouping = useMemo(() => groupNodes(tasks, edges), [tasks, edges]);
  const boxes = useLayout(grouping.groups.length, grouping.edges, SIZE, true);
  const groups = useMemo(
    () =>
      grouping.groups.map(({ id, label, members }) => ({
        id,
        label,
        tasks: members.flatMap(place => tasks[place] ?? []),
      })),
    [grouping, tasks],
  );
  const nodes = useMemo(
    () =>
      groups.map(group => ({
        id: group.id,
        name: group.label,
        content: <GroupNode group={group} current={group.id === open} />,
      })),
    [groups, open],
  );
  const shown = groups.find(group => group.id === open);
  return (
    <div className={css.groups}>
      <GraphCanvas label={t('graph.label')} nodes={nodes} edges={grouping.edges} boxes={boxes} size={SIZE}>
        {tasks.length <= MOST_ON_DEMAND && (
          <StateLink change={{ all: '1', group: null }} className={css.choice}>
            {t('graph.show_all', { count: tasks.length })}
          </StateLink>
        )}
      </GraphCanvas>
      {shown !== undefined && <GroupPanel group={shown} />}
    </div>
  );
}
