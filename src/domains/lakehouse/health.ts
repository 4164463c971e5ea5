import { z } from 'zod';
import type { Health, HealthRules } from '../../base/iceberg/index.ts';
import { DEFAULT_LAKE_POLICY, LAKE_DUE, type LakePolicy } from '../../contract/lake.ts';

// What maintenance found out about a table, as it is kept with it.

const schema = z.object({
  level: z.enum(['well', 'due', 'poor', 'unknown']),
  due: z.array(z.enum(LAKE_DUE)),
  small_files: z.number(),
  delete_files: z.number(),
  snapshots: z.number(),
  manifests: z.number(),
  metadata_bytes: z.number(),
});
export type KnownHealth = z.infer<typeof schema>;

/** Another version may have kept something else: then nothing is known, until it is looked at again. */
export function healthOf(kept: unknown): KnownHealth | undefined {
  const read = schema.safeParse(kept);
  return read.success ? read.data : undefined;
}

export function toKnown(found: Health): KnownHealth {
  const { small_files, delete_files, snapshots, manifests, metadata_bytes } = found;
  const due = LAKE_DUE.filter(what => DUE_BY[what].some(word => found.due.includes(word)));
  // What slows every reader down is worse than what only takes room.
  const level =
    due.includes('compact') && (isFar(found) || due.length > 1) ? 'poor' : due.length > 0 ? 'due' : 'well';
  return { level, due, small_files, delete_files, snapshots, manifests, metadata_bytes };
}

const DUE_BY: Readonly<Record<(typeof LAKE_DUE)[number], readonly Health['due'][number][]>> = {
  compact: ['compact', 'remove_deletes'],
  expire: ['expire'],
  manifests: ['rewrite_manifests'],
  orphans: [],
};

const FAR_FILES = 1000;

function isFar({ small_files, delete_files, data_files }: Health): boolean {
  return small_files > FAR_FILES || delete_files > data_files;
}

// ── Policies ────────────────────────────────────────────────────────────────────────────────────────

/** What the table says, else what its workspace says, else what everybody gets. */
export function policyFor(workspace: Partial<LakePolicy>, table: Partial<LakePolicy> = {}): LakePolicy {
  return { ...DEFAULT_LAKE_POLICY, ...workspace, ...table };
}

const DAY_MS = 86_400_000;
const MB = 1024 * 1024;

export function rulesOf(policy: LakePolicy): HealthRules & { target_bytes: number } {
  return {
    policy: expiryOf(policy),
    small_files: policy.small_files,
    deleted_share: policy.delete_share,
    target_bytes: policy.target_file_mb * MB,
  };
}

/**
 * Of a branch, however young they are, unless the policy keeps more. Every commit writes all of them down again: 4 ms of a processor
 * for a thousand, 20 ms for five thousand. A table with twenty commits a second would have twelve million in a week.
 */
const MOST_SNAPSHOTS = 1000;

export function expiryOf(policy: LakePolicy): NonNullable<HealthRules['policy']> {
  return {
    max_snapshot_age_ms: policy.snapshot_days * DAY_MS,
    min_snapshots_to_keep: policy.snapshots_keep,
    max_snapshots_to_keep: MOST_SNAPSHOTS,
  };
}
