import type { LakeTableDetail } from '../../../../src/contract/lake.ts';

export type { LakeSnapshot, LakeTableDetail } from '../../../../src/contract/lake.ts';

export const TABLE_TABS = ['schema', 'snapshots', 'files', 'partitions', 'care', 'read'] as const;
export type TableTab = (typeof TABLE_TABS)[number];

/** A view has neither files nor snapshots: its text is its content. */
export function tabsOf({ kind }: Pick<LakeTableDetail, 'kind'>): readonly TableTab[] {
  return kind === 'view' ? ['schema'] : TABLE_TABS;
}

/** Those of another catalog, and those that nobody can read, are only looked at. */
export function isOurs({ mount, error }: Pick<LakeTableDetail, 'mount' | 'error'>): boolean {
  return mount === null && error === null;
}
