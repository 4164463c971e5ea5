import { useParams } from '@tanstack/react-router';
import { lazy, Suspense, useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { useApi } from '../../api.ts';
import { Awaited } from '../../parts/awaited.tsx';
import { scrollRegion } from '../../parts/scroll-region.ts';
import { useUrlState } from '../../use-url-state.ts';
import { InputsOutputs } from './inputs-outputs.tsx';
import { type RunDetail, TABS, type Tab } from './run.ts';
import { RunHeader } from './run-header.tsx';
import css from './run-page.module.css';
import { RunTabs } from './run-tabs.tsx';
import { TaskList } from './task-list.tsx';
import { TaskPane } from './task-pane.tsx';
import { Timeline } from './timeline.tsx';
import { type RunTask, useRunTasks } from './use-run-tasks.ts';

/** Drawing a graph takes more code than everything else here; who looks at a list never loads it. */
const loadGraph = () => import('./run-graph.tsx');
const Graph = lazy(loadGraph);

export default function RunPage() {
  const { run: id = '' }: { run?: string } = useParams({ strict: false });
  const [{ tab = 'graph' }] = useUrlState();
  // Its code and what it shows are fetched beside each other.
  useEffect(() => {
    if (tab === 'graph') void loadGraph();
  }, [tab]);
  const run = useApi('runs.show', { params: { id } });
  return <Awaited query={run}>{loaded => <Run key={id} run={loaded} />}</Awaited>;
}

function Run({ run }: { run: RunDetail }) {
  const [state] = useUrlState();
  const tab = TABS.find(one => one === state.tab) ?? 'graph';
  const tasks = useRunTasks(run);
  return (
    <>
      <RunHeader run={run} />
      <RunTabs current={tab} />
      <div className={css.split} data-open={state.task !== undefined || undefined}>
        <div className={css.content}>
          <Awaited query={tasks.query}>
            {() => <TabContent tab={tab} run={run} tasks={tasks.tasks} edges={tasks.edges} />}
          </Awaited>
        </div>
        {state.task !== undefined && <TaskPane key={state.task} id={state.task} run={run} />}
      </div>
    </>
  );
}

interface TabProps {
  tab: Tab;
  run: RunDetail;
  tasks: readonly RunTask[];
  edges: readonly (readonly [number, number])[];
}

function TabContent({ tab, run, tasks, edges }: TabProps) {
  const { t } = useTranslation(['common', 'runs']);
  switch (tab) {
    case 'graph':
      return (
        <Suspense
          fallback={<div className={css.waiting} aria-busy="true" aria-label={t('loading')} role="status" />}
        >
          <Graph tasks={tasks} edges={edges} />
        </Suspense>
      );
    case 'timeline':
      return <Timeline run={run} tasks={tasks} />;
    case 'tasks':
      return <TaskList tasks={tasks} />;
    case 'data':
      return (
        <div className={css.scroll} {...scrollRegion(t('runs:tabs.data'))}>
          <InputsOutputs run={run} />
        </div>
      );
  }
}
