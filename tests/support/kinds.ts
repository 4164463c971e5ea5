import { z } from 'zod';
import { type KindTable, kindTable } from '../../src/domains/runs/index.ts';
import { defineTask } from '../../src/domains/runs/task.ts';

/** Kinds for tests that make runs and let nobody work on them: one that everybody may start, one that only admins may. */
export const testKinds: KindTable = kindTable([
  defineTask({
    id: 'note',
    permission: 'runs:start',
    input: z.strictObject({ text: z.string().max(100).default('') }),
    result: z.strictObject({}),
    resource: 'light',
  }),
  defineTask({
    id: 'danger',
    permission: 'runs:diagnose',
    input: z.strictObject({}),
    result: z.strictObject({}),
    resource: 'light',
  }),
]);
