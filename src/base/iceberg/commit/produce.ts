import { IcebergError } from '../errors.ts';
import { writeManifestList } from '../manifest/index.ts';
import { applyUpdates, findSnapshot, type Update, withPrevious } from '../metadata/index.ts';
import type { ManifestFile, Snapshot, Operation as SnapshotOperation, TableMetadata } from '../model.ts';
import type { ManifestReader } from '../scan/index.ts';
import type { Files } from '../world.ts';
import { type Change, change } from './change.ts';
import { checkFits } from './fits.ts';
import { countLive, hasLive, mergeManifests, type Workshop } from './manifests.ts';
import { mergeRules, planMerges } from './merge.ts';
import { addedData, addedDeletes, branchOf, MAIN, type Operation } from './operation.ts';
import { metadataFolder, type Staged } from './staged.ts';
import { addTotals, NOTHING, summarize, type Tally, type Totals, totalsOf } from './summary.ts';
import { validate } from './validate.ts';

export interface World {
  files: Files;
  reader: ManifestReader;
  now_ms: number;
}

/** A table as a pointer has it; without location: it is not there yet. */
export interface Base {
  metadata: TableMetadata;
  location?: string;
}

export interface Produced {
  metadata: TableMetadata;
  updates: Update[];
  /** Absent: the commit changes nothing. */
  snapshot?: Snapshot;
  /** The base has this commit already: an earlier try whose answer got lost went through. */
  already: boolean;
  /** Manifests and the list that the new snapshot needs of this commit; durable. */
  written: string[];
  /** Written by earlier tries and needed no more: to be removed once this one is the table. */
  unused: string[];
}

/**
 * The table after the operation: writes manifests and their list, seals them with the data files, and answers the metadata to
 * be made current. Nothing of it is visible before. Called again on a newer base with the same `staged`, it uses what it wrote;
 * fails with `conflict` where the operation may not follow what others did.
 */
export async function produce(
  operation: Operation,
  base: Base,
  staged: Staged,
  world: World,
): Promise<Produced> {
  const known = findSnapshot(base.metadata, staged.snapshot_id);
  if (known) return already(base.metadata, known);
  const metadata = upgraded(base.metadata);
  checkBranch(operation, metadata);
  checkFits([...addedData(operation), ...addedDeletes(operation)], operation.schema_id, metadata);
  await validate(operation, metadata, world.reader);

  const sequence_number = metadata['last-sequence-number'] + 1;
  const rules = mergeRules(metadata.properties);
  const shop: Workshop = { ...world, metadata, staged, target_bytes: rules.target_bytes };
  const changed = await change(operation, shop);
  if (changed === undefined) return nothing(base.metadata);
  const manifests = await merge(shop, changed, rules);

  const snapshot = await writeSnapshot(operation, shop, changed, manifests, sequence_number, world.now_ms);
  const updates = updatesOf(operation, base.metadata, snapshot);
  const after = applyUpdates(base.metadata, updates, { now_ms: snapshot['timestamp-ms'] });
  const written = ownFiles(staged, snapshot, manifests);
  await seal(operation, staged, written, world.files);
  return {
    metadata: base.location === undefined ? after : withPrevious(after, base.metadata, base.location),
    updates,
    snapshot,
    already: false,
    written,
    unused: [...staged.written].filter(location => !written.includes(location)),
  };
}

function already(metadata: TableMetadata, snapshot: Snapshot): Produced {
  return { metadata, updates: [], snapshot, already: true, written: [], unused: [] };
}

function nothing(metadata: TableMetadata): Produced {
  return { metadata, updates: [], already: false, written: [], unused: [] };
}

// ── Before ──────────────────────────────────────────────────────────────────────────────────────────

/** We write version 2 only: the first commit to a table of version 1 upgrades it, which every reader of the last years can take. */
function upgraded(metadata: TableMetadata): TableMetadata {
  return metadata['format-version'] === 1 ? { ...metadata, 'format-version': 2 } : metadata;
}

function checkBranch(operation: Operation, metadata: TableMetadata): void {
  const branch = branchOf(operation);
  const ref = metadata.refs[branch];
  if (ref?.type === 'tag')
    throw new IcebergError('invalid', `${branch} is a tag: it does not move`, { ref: branch });
  const begins = operation.kind === 'append' && operation.orphan === true;
  if (begins && ref !== undefined)
    throw new IcebergError('conflict', `branch ${branch} is there already`, { ref: branch });
  if (ref === undefined && branch !== MAIN && !begins)
    throw new IcebergError('no_such_ref', `there is no branch ${branch}`, { ref: branch });
}

// ── Manifests ───────────────────────────────────────────────────────────────────────────────────────

async function merge(
  shop: Workshop,
  changed: Change,
  rules: ReturnType<typeof mergeRules>,
): Promise<ManifestFile[]> {
  const ours = shop.staged.snapshot_id;
  const useful = changed.manifests.filter(
    manifest => hasLive(manifest) || manifest.added_snapshot_id === ours,
  );
  if (!changed.merge) return useful;
  const groups = planMerges(useful, rules);
  const merged: ManifestFile[] = [];
  for (const group of groups)
    merged.push(...(group.length === 1 ? group : await mergeManifests(shop, group)));
  return merged;
}

// ── The snapshot ────────────────────────────────────────────────────────────────────────────────────

async function writeSnapshot(
  operation: Operation,
  shop: Workshop,
  changed: Change,
  manifests: readonly ManifestFile[],
  sequence_number: number,
  now_ms: number,
): Promise<Snapshot> {
  const { metadata, staged, files, reader } = shop;
  const parent_id = changed.parent?.['snapshot-id'];
  staged.tries += 1;
  const list = `${metadataFolder(metadata)}/snap-${staged.snapshot_id}-${staged.tries}-${staged.attempt}.avro`;
  const bytes = writeManifestList(
    { snapshot_id: staged.snapshot_id, parent_id, sequence_number, format_version: 2 },
    manifests,
  );
  staged.written.add(list);
  await files.write(list, bytes);
  reader.wrote?.(list, bytes);
  const totals = await totalsAfter(shop, changed, manifests);
  return {
    'snapshot-id': staged.snapshot_id,
    ...(parent_id === undefined ? {} : { 'parent-snapshot-id': parent_id }),
    'sequence-number': sequence_number,
    // A clock that lags must not give a table in which the future lies before the past.
    'timestamp-ms': Math.max(now_ms, metadata['last-updated-ms']),
    'manifest-list': list,
    summary: summarize(nameOf(operation, changed.tally), changed.tally, totals, {
      ...operation.summary,
      ...changed.summary,
    }),
    'schema-id': metadata['current-schema-id'],
  };
}

/** From the parent's figures where it has them and they can be true; else every live file is counted. */
async function totalsAfter(
  shop: Workshop,
  changed: Change,
  manifests: readonly ManifestFile[],
): Promise<Totals> {
  const before = changed.parent ? totalsOf(changed.parent.summary) : NOTHING;
  const after = before && addTotals(before, changed.tally);
  return after ?? countLive(shop.metadata, manifests, shop.reader);
}

/** What the specification calls it, by what happened: an update that found no row to change but brought some is an append. */
export function nameOf(operation: Operation, tally: Tally): SnapshotOperation {
  if (operation.kind === 'rewrite' || operation.kind === 'rewrite_manifests') return 'replace';
  const takes = tally.removed.data_files > 0 || tally.added.delete_files > 0;
  if (!takes) return 'append';
  return tally.added.data_files > 0 ? 'overwrite' : 'delete';
}

function updatesOf(operation: Operation, base: TableMetadata, snapshot: Snapshot): Update[] {
  const branch = branchOf(operation);
  const kept = base.refs[branch];
  const updates: Update[] = [
    { action: 'add-snapshot', snapshot },
    {
      action: 'set-snapshot-ref',
      'ref-name': branch,
      type: 'branch',
      'snapshot-id': snapshot['snapshot-id'],
      'max-ref-age-ms': kept?.['max-ref-age-ms'],
      'max-snapshot-age-ms': kept?.['max-snapshot-age-ms'],
      'min-snapshots-to-keep': kept?.['min-snapshots-to-keep'],
    },
  ];
  if (base['format-version'] === 1)
    updates.unshift({ action: 'upgrade-format-version', 'format-version': 2 });
  if (operation.kind === 'publish')
    updates.push({ action: 'remove-snapshot-ref', 'ref-name': operation.staged });
  return updates;
}

function ownFiles(staged: Staged, snapshot: Snapshot, manifests: readonly ManifestFile[]): string[] {
  const named = new Set(manifests.map(manifest => manifest.manifest_path));
  return [...staged.written].filter(
    location => named.has(location) || location === snapshot['manifest-list'],
  );
}

/** All that the metadata will name outlives a power cut before anyone can see it. */
async function seal(
  operation: Operation,
  staged: Staged,
  written: readonly string[],
  files: Files,
): Promise<void> {
  const data = staged.sealed ? [] : [...addedData(operation), ...addedDeletes(operation)];
  await files.seal([...data.map(file => file.file_path), ...written]);
  staged.sealed = true;
}
