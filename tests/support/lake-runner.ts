import { type RunnerModules, runnerProcess } from '../../src/domains/runs/runner/child.ts';

const MODULES: RunnerModules = {
  'table.write': () => import('../../src/domains/lakehouse/table-write-run.ts'),
};

runnerProcess(MODULES);
