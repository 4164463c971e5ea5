import type { ApiOutput } from '../../api.ts';

export type RunDetail = ApiOutput<'runs.show'>;
export type TaskDetail = ApiOutput<'tasks.show'>;

export const TABS = ['graph', 'timeline', 'tasks', 'data'] as const;
export type Tab = (typeof TABS)[number];

export function isOver({ ended_at }: { ended_at: string | null }): boolean {
  return ended_at !== null;
}
