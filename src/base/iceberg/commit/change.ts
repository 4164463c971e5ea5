import { IcebergError } from '../errors.ts';
import { findSnapshot, specOf } from '../metadata/index.ts';
import type { DataFile, ManifestEntry, ManifestFile, Snapshot, TableMetadata } from '../model.ts';
import { isUnpartitioned, normalLocation, partitionKey } from '../scan/index.ts';
import { clusterManifests } from './cluster.ts';
import {
  addEntries,
  addedEntry,
  dropEntries,
  hasLive,
  isLive,
  type Removal,
  sumTallies,
  type Workshop,
} from './manifests.ts';
import {
  type Append,
  branchOf,
  headOf,
  type Operation,
  type Publish,
  type RewriteManifests,
} from './operation.ts';
import { aboutFile } from './rules.ts';
import type { Made } from './staged.ts';
import { newTally, type Tally } from './summary.ts';

// What an operation does to the manifests of the snapshot on which it lands.

export interface Change {
  /** Newest first. */
  manifests: ManifestFile[];
  tally: Tally;
  parent: Snapshot | undefined;
  /** Small ones may become one. */
  merge: boolean;
  summary?: Record<string, string>;
}

/** Undefined: there is nothing to do, and so no snapshot. */
export function change(operation: Operation, shop: Workshop): Promise<Change | undefined> {
  switch (operation.kind) {
    case 'append':
      return append(operation, shop);
    case 'publish':
      return publish(operation, shop);
    case 'rewrite_manifests':
      return regroup(operation, shop);
    default:
      return replaceFiles(operation, shop);
  }
}

function parentOf(operation: Operation, metadata: TableMetadata): Snapshot | undefined {
  const head = headOf(metadata, branchOf(operation));
  return head === undefined ? undefined : findSnapshot(metadata, head);
}

async function manifestsOf(shop: Workshop, snapshot: Snapshot | undefined): Promise<ManifestFile[]> {
  return snapshot ? [...(await shop.reader.manifests(shop.metadata, snapshot))] : [];
}

/** An append of nothing is a snapshot all the same: a load that found no rows was there, and says so. */
async function append(operation: Append, shop: Workshop): Promise<Change> {
  const parent = operation.orphan ? undefined : parentOf(operation, shop.metadata);
  const before = await manifestsOf(shop, parent);
  const made = await addNew(shop, 'data', operation.added);
  return { manifests: [...made.manifests, ...before], tally: made.tally, parent, merge: true };
}

function addNew(
  shop: Workshop,
  key: string,
  files: readonly DataFile[],
  data_sequence?: number,
): Promise<Made> {
  return addEntries(shop, key, () => files.map(file => addedEntry(shop.staged, file, data_sequence)));
}

// ── Files that go ───────────────────────────────────────────────────────────────────────────────────

type Replacing = Exclude<Operation, Append | Publish | RewriteManifests>;

async function replaceFiles(operation: Replacing, shop: Workshop): Promise<Change | undefined> {
  const parent = parentOf(operation, shop.metadata);
  const before = await manifestsOf(shop, parent);
  const removal = await removalOf(operation, shop, before);
  const [data, deletes] = split(before);
  const kept = await drop(shop, data, removal);
  if (operation.kind !== 'replace_partitions') checkFound(operation.removed, kept.found);

  const brought = await addNew(shop, 'data', operation.added, sequenceOf(operation, shop.metadata));
  const struck = await addNew(shop, 'deletes', 'deletes' in operation ? operation.deletes : []);
  const dangling = danglingDeletes(
    operation,
    kept,
    lowestSequence([...brought.manifests, ...kept.manifests]),
  );
  const keptDeletes = await drop(shop, deletes, dangling);

  const tally = sumTallies([brought.tally, struck.tally, kept.tally, keptDeletes.tally]);
  if (tally.partitions.size === 0) return undefined;
  return {
    manifests: [...brought.manifests, ...struck.manifests, ...kept.manifests, ...keptDeletes.manifests],
    tally,
    parent,
    merge: true,
    ...(operation.kind === 'replace_partitions' ? { summary: { 'replace-partitions': 'true' } } : {}),
  };
}

function split(manifests: readonly ManifestFile[]): [ManifestFile[], ManifestFile[]] {
  const { data = [], deletes = [] } = Object.groupBy(manifests, manifest =>
    manifest.content === 0 ? 'data' : 'deletes',
  );
  return [data, deletes];
}

interface Kept {
  manifests: ManifestFile[];
  tally: Tally;
  found: Set<string>;
}

async function drop(shop: Workshop, manifests: readonly ManifestFile[], removal: Removal): Promise<Kept> {
  const kept: Kept = { manifests: [], tally: newTally(), found: new Set() };
  const tallies: Tally[] = [];
  for (const manifest of manifests) {
    if (!hasLive(manifest) || !removal.touches(manifest)) {
      kept.manifests.push(manifest);
      continue;
    }
    const made = await dropEntries(shop, manifest, removal);
    kept.manifests.push(...made.manifests);
    tallies.push(made.tally);
    for (const location of made.found) kept.found.add(location);
  }
  kept.tally = sumTallies(tallies);
  return kept;
}

async function removalOf(
  operation: Replacing,
  shop: Workshop,
  before: readonly ManifestFile[],
): Promise<Removal> {
  if (operation.kind === 'replace_partitions') return partitionsOf(operation.added, shop, before);
  const paths = new Set(operation.removed.map(file => normalLocation(file.file_path)));
  const specs = new Set(operation.removed.map(file => file.spec_id));
  return {
    key: 'files',
    touches: manifest => specs.has(manifest.partition_spec_id),
    takes: ({ file }) => paths.has(normalLocation(file.file_path)),
  };
}

/** Files of another spec may hold rows of the same partitions, and nobody could tell: better refused than left as doubles. */
async function partitionsOf(
  added: readonly DataFile[],
  shop: Workshop,
  before: readonly ManifestFile[],
): Promise<Removal> {
  const partitions = new Set(added.map(partitionKey));
  if (added.some(file => isUnpartitioned(specOf(shop.metadata, file.spec_id)))) return everything(true);
  const specs = new Set(added.map(file => file.spec_id));
  for (const manifest of before) {
    if (specs.has(manifest.partition_spec_id) || specs.size === 0) continue;
    const entries = await shop.reader.entries(shop.metadata, manifest);
    if (entries.some(isLive))
      throw new IcebergError(
        'unsupported',
        `some files are still of partition spec ${manifest.partition_spec_id}: compact the table, or overwrite by a filter`,
        { spec: manifest.partition_spec_id },
      );
  }
  return {
    key: 'partitions',
    touches: manifest => specs.has(manifest.partition_spec_id),
    takes: ({ file }) => partitions.has(partitionKey(file)),
  };
}

function everything(yes: boolean): Removal {
  return { key: 'all', touches: () => yes, takes: () => yes };
}

function checkFound(removed: readonly DataFile[], found: ReadonlySet<string>): void {
  const gone = removed.find(file => !found.has(normalLocation(file.file_path)));
  if (gone)
    throw new IcebergError('conflict', `${gone.file_path} is not in the table any more`, {
      rule: 'removed_file_gone',
      file: gone.file_path,
    });
}

/** The rows of a rewrite are as old as the snapshot that was rewritten: later deletes by value go on to apply to them. */
function sequenceOf(operation: Replacing, metadata: TableMetadata): number | undefined {
  if (operation.kind !== 'rewrite' || operation.started_from === null) return undefined;
  return findSnapshot(metadata, operation.started_from)?.['sequence-number'];
}

/** The oldest data that is left; deletes older than that can hit nothing. */
function lowestSequence(manifests: readonly ManifestFile[]): number {
  return Math.min(...manifests.filter(hasLive).map(manifest => manifest.min_sequence_number));
}

/**
 * Deletes that have nothing left to hit: named by a rewrite, about a file that went, or older than every row. Nobody else ever
 * finds them, and each is read at every scan.
 */
function danglingDeletes(operation: Replacing, kept: Kept, lowest: number): Removal {
  const named = new Set(
    'removed_deletes' in operation
      ? operation.removed_deletes.map(file => normalLocation(file.file_path))
      : [],
  );
  const isAboutGone = (file: DataFile) => {
    const about = aboutFile(file);
    return about !== undefined && kept.found.has(normalLocation(about));
  };
  return {
    key: `dangling ${lowest}`,
    touches: () => kept.found.size > 0,
    takes: ({ file, sequence_number }) =>
      named.has(normalLocation(file.file_path)) || sequence_number < lowest || isAboutGone(file),
  };
}

// ── A staged table becomes the table ────────────────────────────────────────────────────────────────

async function publish(operation: Publish, shop: Workshop): Promise<Change> {
  const { metadata } = shop;
  const parent = parentOf(operation, metadata);
  const ref = metadata.refs[operation.staged];
  const staged = ref && findSnapshot(metadata, ref['snapshot-id']);
  if (!staged)
    throw new IcebergError('no_such_ref', `there is no branch ${operation.staged}`, {
      ref: operation.staged,
    });
  const gone = await drop(shop, await manifestsOf(shop, parent), everything(true));
  const staged_id = staged['snapshot-id'];
  const came = await addEntries(shop, `publish ${staged_id}`, () => liveEntries(shop, staged));
  return {
    manifests: [...came.manifests, ...gone.manifests],
    tally: sumTallies([came.tally, gone.tally]),
    parent,
    merge: false,
    summary: { 'published-wap-id': String(staged_id) },
  };
}

/** As new ones, each with the age that it has on its branch: deletes that were staged beside the data keep their meaning. */
async function* liveEntries(shop: Workshop, snapshot: Snapshot): AsyncGenerator<ManifestEntry> {
  for (const manifest of await manifestsOf(shop, snapshot))
    for (const entry of await shop.reader.entries(shop.metadata, manifest))
      if (isLive(entry)) yield addedEntry(shop.staged, entry.file, entry.sequence_number);
}

/** The same files in other manifests. */
async function regroup(operation: RewriteManifests, shop: Workshop): Promise<Change | undefined> {
  const parent = parentOf(operation, shop.metadata);
  const cluster = await clusterManifests(shop, await manifestsOf(shop, parent));
  return cluster && { ...cluster, tally: newTally(), parent, merge: false };
}
