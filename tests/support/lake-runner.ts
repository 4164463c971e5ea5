import { type RunnerModules, runnerProcess } from '../../src/domains/runs/runner/child.ts';

const MODULES: RunnerModules = {
  'table.evolve': () => import('../../src/domains/lakehouse/table-evolve-run.ts'),
  'table.export': () => import('../../src/domains/lakehouse/table-export-run.ts'),
  'table.maintain': () => import('../../src/domains/lakehouse/table-maintain-run.ts'),
  'table.write': () => import('../../src/domains/lakehouse/table-write-run.ts'),
};

runnerProcess(MODULES);
