import { setTimeout as delay } from 'node:timers/promises';
import type { Tx } from '../../base/db/index.ts';
import {
  applyUpdates,
  backOff,
  checkRequirements,
  currentSnapshot,
  forgottenVersions,
  metadataFolder,
  metadataName,
  type Pointer,
  printMetadata,
  type TableMetadata,
  type Update,
  versionOf,
  withPrevious,
} from '../../base/iceberg/index.ts';
import { fail, isFailure } from '../../base/kit/errors.ts';
import { newId } from '../../base/kit/ids.ts';
import { errors } from '../../contract/errors.ts';
import { created } from '../access/index.ts';
import type { Committed, LakeContext, LakeRow, Loaded, NewPlace, TableChange } from './lake.ts';
import { loadRow, loadTable, needRow } from './load.ts';
import { fullName } from './names.ts';
import { needAndHold } from './namespaces.ts';
import type { Parts } from './parts.ts';
import { isBelow, namespaceLocation, workspaceLocation } from './place.ts';
import { inOurWords } from './problems.ts';
import { addStagedPrefixes } from './store/staging.ts';
import { insertPointer, insertTable, tableAround, tablesById, tablesNamed } from './store/tables.ts';
import { type Move, swap } from './swap.ts';

// One change of any number of tables: load, check, make, write and seal what is new, all of it outside any transaction; then one
// transaction moves the pointers. Whoever finds that another was faster begins again with what is there now.

const MAX_TRIES = 20;

export async function commit(
  parts: Parts,
  context: LakeContext,
  changes: readonly TableChange[],
): Promise<Committed[]> {
  const keys = changes.map(({ table }) => (typeof table === 'string' ? table : placeKey(table)));
  if (new Set(keys).size < keys.length)
    throw fail('lake.schema', { reason: 'A commit names one table twice' });
  return parts.oneAtATime(keys, () => commitInTurn(parts, context, changes));
}

function placeKey({ namespace, name }: NewPlace): string {
  return JSON.stringify([...namespace, name]).toLowerCase();
}

async function commitInTurn(
  parts: Parts,
  context: LakeContext,
  changes: readonly TableChange[],
): Promise<Committed[]> {
  for (let tries = 1; ; tries += 1) {
    const drafts: Draft[] = [];
    for (const change of changes) drafts.push(await draftOf(parts, context, change));
    if (drafts.every(({ replayed }) => replayed)) return drafts.map(toCommitted);
    const written = await writeDrafts(parts, context, drafts);
    if (await moveAll(parts, context, drafts, written)) {
      await parts.reached('committed');
      return committed(parts, context, drafts, written);
    }
    await takeBack(parts, context, written);
    if (tries === MAX_TRIES) throw fail('lake.busy', { name: nameOf(drafts), attempts: tries });
    await delay(backOff(tries, Math.random));
  }
}

// ── What is to become of each table ─────────────────────────────────────────────────────────────────

interface Draft {
  row: LakeRow | undefined;
  place: { namespace: readonly string[]; name: string };
  before: TableMetadata | undefined;
  before_location: string | null;
  after: TableMetadata;
  change: TableChange;
  replayed: boolean;
}

async function draftOf(parts: Parts, context: LakeContext, change: TableChange): Promise<Draft> {
  const row = await rowOf(parts, context, change);
  if (!row && typeof change.table === 'string')
    throw fail('object.not_found', { kind: 'table', id: change.table });
  if (row && row.mount !== null) throw fail('lake.read_only', { name: row.name, mount: row.mount });
  if (row && row.kind === 'view') throw fail('lake.table_taken', { name: fullName(row.namespace, row.name) });
  const place = typeof change.table === 'string' ? placeOf(row) : change.table;
  const loaded = row && (await loadRow(parts, row));
  const before = loaded?.metadata;
  const draft = { row, place, before, before_location: loaded?.metadata_location ?? null, change };
  if (before && isThere(before, change.updates)) return { ...draft, after: before, replayed: true };
  return inOurWords(place.name, async () => {
    checkRequirements(before, change.requirements);
    return { ...draft, after: await afterwards(parts, context, draft), replayed: false };
  });
}

function placeOf(row: LakeRow | undefined) {
  return { namespace: row?.levels ?? [], name: row?.name ?? '' };
}

async function rowOf(
  { read }: Parts,
  context: LakeContext,
  { table }: TableChange,
): Promise<LakeRow | undefined> {
  const { workspace_id } = context;
  if (typeof table === 'string')
    return read(context, async tx => (await tablesById(tx, workspace_id, [table]))[0]);
  const wanted = { path: table.namespace.join('.'), name: table.name };
  return read(context, async tx => (await tablesNamed(tx, workspace_id, wanted))[0]);
}

/**
 * The same commit again: its answer had been lost. To refuse it would make some engines delete the files that it committed, and
 * that the table has (reference/engines.md §6).
 */
function isThere({ snapshots }: TableMetadata, updates: readonly Update[]): boolean {
  const added = updates.flatMap(update =>
    update.action === 'add-snapshot' ? [update.snapshot['snapshot-id']] : [],
  );
  const known = new Set(snapshots.map(snapshot => snapshot['snapshot-id']));
  return added.length > 0 && added.every(id => known.has(id));
}

async function afterwards(
  parts: Parts,
  { workspace_id }: LakeContext,
  { row, before, before_location, change }: Omit<Draft, 'after' | 'replayed'>,
): Promise<TableMetadata> {
  // A clock that lags must not make a table whose history runs backwards.
  const now_ms = Math.max(parts.clock.now(), before?.['last-updated-ms'] ?? 0);
  const after = applyUpdates(before, change.updates, { now_ms });
  if (after.location !== before?.location) parts.keepInside(workspace_id, after.location);
  parts.keepInside(workspace_id, metadataFolder(after));
  return before && before_location !== null && row ? withPrevious(after, before, before_location) : after;
}

// ── Writing ─────────────────────────────────────────────────────────────────────────────────────────

export interface WrittenMetadata {
  location: string;
  bytes: number;
  staged_id: string;
}

async function writeDrafts(
  parts: Parts,
  context: LakeContext,
  drafts: readonly Draft[],
): Promise<(WrittenMetadata | undefined)[]> {
  const fresh = drafts.filter(({ replayed }) => !replayed);
  const written = await writeMetadata(
    parts,
    context,
    fresh.map(({ row, after, before_location }) => ({
      table_id: row?.id,
      metadata: after,
      base: before_location,
    })),
  );
  const byDraft = new Map(fresh.map((draft, at) => [draft, written[at]]));
  return drafts.map(draft => byDraft.get(draft));
}

/** Writes metadata where nobody looks yet, after it is recorded that it may come to lie there; durable when it resolves. */
export async function writeMetadata(
  { filesOf, write, reached, cache }: Parts,
  context: LakeContext,
  files: readonly { table_id: string | undefined; metadata: TableMetadata; base: string | null }[],
): Promise<WrittenMetadata[]> {
  const { workspace_id, actor } = context;
  const { task_id = null, attempt = null } = context;
  const named = files.map(({ table_id, metadata, base }) => ({
    location: `${metadataFolder(metadata)}/${metadataName(nextVersion(base))}`,
    staged_id: newId(),
    table_id,
    metadata,
    bytes: Buffer.from(printMetadata(metadata)),
  }));
  await reached('metadata_made');
  const request_id = task_id === null ? (actor.request_id ?? newId()) : null;
  const staged = named.map(({ staged_id: id, table_id = null, location: prefix }) => ({
    ...{ id, workspace_id, table_id, prefix, task_id, attempt, request_id },
  }));
  await write({ workspace_id }, tx => addStagedPrefixes(tx, staged), { prepared: true });
  await reached('prefix_recorded');
  const storage = filesOf(workspace_id);
  for (const { location, bytes } of named) await storage.write(location, bytes);
  await reached('metadata_written');
  await storage.seal(named.map(({ location }) => location));
  await reached('metadata_sealed');
  for (const { location, metadata, bytes } of named) cache.keep(location, metadata, bytes.length);
  return named.map(({ location, bytes, staged_id }) => ({ location, bytes: bytes.length, staged_id }));
}

function nextVersion(base: string | null): number {
  return base === null ? 0 : (versionOf(base) ?? 0) + 1;
}

// ── The transaction ─────────────────────────────────────────────────────────────────────────────────

/** Thrown to roll the transaction back. */
class Outrun extends Error {}

async function moveAll(
  parts: Parts,
  context: LakeContext,
  drafts: readonly Draft[],
  written: readonly (WrittenMetadata | undefined)[],
): Promise<boolean> {
  try {
    await parts.write(context, async tx => {
      const moves: Move[] = [];
      for (const [at, draft] of drafts.entries()) {
        const file = written[at];
        if (file) moves.push(await moveOf(parts, tx, context, draft, file));
      }
      if ((await swap(tx, context, moves)) === 'rebase') throw new Outrun();
      await parts.reached('pointers_moved');
    });
    return true;
  } catch (error) {
    // Somebody made the table first: what is there now decides, at the next try, what is said.
    if (error instanceof Outrun || isFailure(error, 'lake.table_taken')) return false;
    if (await isTrue(parts, context, drafts, written)) return true;
    if (isFailure(error) && errors[error.code].retry === 'terminal') await takeBack(parts, context, written);
    throw error;
  }
}

/**
 * A connection that broke says nothing about what the store did. Where it cannot be asked either, the files stay: who ever looks
 * after this attempt finds them by their record.
 */
async function isTrue(
  parts: Parts,
  context: LakeContext,
  drafts: readonly Draft[],
  written: readonly (WrittenMetadata | undefined)[],
): Promise<boolean> {
  const wanted = drafts.flatMap(({ place }, at) => {
    const location = written[at]?.location;
    return location === undefined ? [] : [{ path: place.namespace.join('.'), name: place.name, location }];
  });
  const look = async (tx: Tx) => {
    for (const { location, ...named } of wanted) {
      const [row] = await tablesNamed(tx, context.workspace_id, named);
      if (row?.metadata_location !== location) return false;
    }
    return true;
  };
  return parts.read(context, look).catch(() => false);
}

async function moveOf(
  parts: Parts,
  tx: Tx,
  context: LakeContext,
  draft: Draft,
  file: WrittenMetadata,
): Promise<Move> {
  const { change, before, after, before_location } = draft;
  const row = draft.row ?? (await makeRow(parts, tx, context, draft));
  return {
    ...{ table_id: row.id, namespace: row.namespace, name: row.name },
    base_location: before_location,
    base_snapshot_id: snapshotIdOf(before),
    metadata_location: file.location,
    metadata: after,
    metadata_bytes: file.bytes,
    forgotten: [...(change.forgotten ?? []), ...versionsToDelete(before, after)],
    staged_ids: [file.staged_id],
    ...(change.operation !== undefined && { operation: change.operation }),
  };
}

export function snapshotIdOf(metadata: TableMetadata | undefined): string | null {
  const snapshot = metadata && currentSnapshot(metadata);
  return snapshot ? String(snapshot['snapshot-id']) : null;
}

/** Where the table says so, as ours do: else a thousand commits leave a thousand files. */
export function versionsToDelete(before: TableMetadata | undefined, after: TableMetadata): string[] {
  const wanted = after.properties['write.metadata.delete-after-commit.enabled'] === 'true';
  if (!wanted || !before) return [];
  // The log of a table that was registered is the word of whoever wrote it, and may name files of others.
  return forgottenVersions(before, after).filter(location => isBelow(location, before.location));
}

/** Of a table that the commit makes: its place is free, and no other table's files are there. */
async function makeRow(
  parts: Parts,
  tx: Tx,
  context: LakeContext,
  { place, after }: Draft,
): Promise<Pick<LakeRow, 'id' | 'namespace' | 'name'>> {
  const { workspace_id } = context;
  const namespace = await needAndHold(tx, context, place.namespace);
  const location = parts.keepInside(workspace_id, after.location);
  const { id, zone } = ownPlace(parts, workspace_id, namespace.id, location);
  if (await tableAround(tx, workspace_id, location)) throw fail('lake.outside', { location });
  return insertRow(parts, tx, context, { id, namespace, name: place.name, zone, location });
}

/** The id of a place of ours is the table's; any other place is foreign. */
function ownPlace(
  { root }: Parts,
  workspace_id: string,
  namespace_id: string,
  location: string,
): { id: string; zone: 'raw' | 'curated' | 'foreign' } {
  const inside = location.slice(workspaceLocation(root, workspace_id).length + 1);
  const [, zone, id] = /^(raw|curated)\/([0-9a-f-]{36})$/.exec(inside) ?? [];
  if ((zone === 'raw' || zone === 'curated') && id !== undefined) return { id, zone };
  // Other engines make tables below their namespace; elsewhere they might come to lie in a place of ours.
  if (!isBelow(location, namespaceLocation(root, workspace_id, namespace_id)))
    throw fail('lake.outside', { location });
  return { id: newId(), zone: 'foreign' };
}

export interface NewRow {
  id: string;
  namespace: { id: string; path: string };
  name: string;
  kind?: 'table' | 'view';
  zone: 'raw' | 'curated' | 'foreign';
  location: string;
  description?: string;
  registered?: boolean;
  places?: readonly string[];
}

/** Both rows, which point nowhere yet, and what the audit log says. `lake.table_taken` where the name has an owner. */
export async function insertRow(
  { record }: Parts,
  tx: Tx,
  { workspace_id, actor }: LakeContext,
  {
    id,
    namespace,
    name,
    kind = 'table',
    zone,
    location,
    description = '',
    registered = false,
    places = [],
  }: NewRow,
): Promise<Pick<LakeRow, 'id' | 'namespace' | 'name'>> {
  const full = fullName(namespace.path, name);
  const created_by = {
    ...{ kind: actor.kind, id: actor.id, name: actor.name },
    ...(registered && { registered }),
  };
  const row = {
    id,
    workspace_id,
    namespace_id: namespace.id,
    name,
    kind,
    zone,
    location,
    description,
    created_by,
    places,
  };
  const is_new =
    (await insertTable(tx, row)) &&
    (await insertPointer(tx, { workspace_id, path: namespace.path, name, kind }));
  if (!is_new) throw fail('lake.table_taken', { name: full });
  await record(tx, actor, {
    ...{ workspace_id, action: registered ? 'table.registered' : 'table.created' },
    object: { kind: 'table', id, name: full },
    changes: created({ location }),
  });
  return { id, namespace: namespace.path, name };
}

// ── Afterwards ──────────────────────────────────────────────────────────────────────────────────────

/** Best effort: what stays is found by the record of its prefix. */
async function takeBack(
  { filesOf }: Parts,
  { workspace_id }: LakeContext,
  written: readonly (WrittenMetadata | undefined)[],
): Promise<void> {
  const files = filesOf(workspace_id);
  for (const file of written) if (file) await files.remove(file.location).catch(() => {});
}

async function committed(
  parts: Parts,
  context: LakeContext,
  drafts: readonly Draft[],
  written: readonly (WrittenMetadata | undefined)[],
): Promise<Committed[]> {
  // By their names: those that were made have ids that only the transaction knew.
  const answers: Committed[] = [];
  for (const [at, draft] of drafts.entries()) {
    const row = await parts.read(context, async tx => {
      if (draft.row) return needRow(tx, context, draft.row.id);
      const wanted = { path: draft.place.namespace.join('.'), name: draft.place.name };
      return (await tablesNamed(tx, context.workspace_id, wanted))[0];
    });
    const metadata_location = written[at]?.location ?? draft.before_location;
    if (!row || metadata_location === null) throw new Error('a commit made a table that is not there');
    answers.push({ row, metadata: draft.after, metadata_location, replayed: draft.replayed });
  }
  return answers;
}

function toCommitted({ row, after, before_location }: Draft): Committed {
  if (!row || before_location === null) throw new Error('a commit was known to a table that is not there');
  return { row, metadata: after, metadata_location: before_location, replayed: true };
}

function nameOf(drafts: readonly Draft[]): string {
  return drafts.map(({ place }) => [...place.namespace, place.name].join('.')).join(', ');
}

// ── For base/iceberg's own operations ───────────────────────────────────────────────────────────────

export function pointerOf(
  parts: Parts,
  context: LakeContext,
  table_id: string,
  { operation, forgotten = [] }: { operation?: string; forgotten?: readonly string[] } = {},
): Pointer {
  let last: Loaded | undefined;
  const load = async () => {
    last = await loadTable(parts, context, table_id);
    return last;
  };
  return {
    async load() {
      const { metadata, metadata_location: location } = await load();
      return { metadata, location };
    },
    swap: (base, metadata) =>
      parts.oneAtATime([table_id], async () => {
        // Whether the table still is as it was loaded, the transaction asks.
        const known = last?.metadata_location === base ? last : await load();
        if (known.metadata_location !== base) return false;
        const { row, metadata: before } = known;
        const [file] = await writeMetadata(parts, context, [{ table_id, metadata, base }]);
        if (!file) throw new Error('metadata was written nowhere');
        const move: Move = {
          ...{ table_id, namespace: row.namespace, name: row.name, metadata },
          ...{ base_location: base, base_snapshot_id: snapshotIdOf(before) },
          ...{ metadata_location: file.location, metadata_bytes: file.bytes, staged_ids: [file.staged_id] },
          forgotten: [...forgotten, ...versionsToDelete(before, metadata)],
          ...(operation !== undefined && { operation }),
        };
        return moveOne(parts, context, move, file);
      }),
  };
}

async function moveOne(
  parts: Parts,
  context: LakeContext,
  move: Move,
  file: WrittenMetadata,
): Promise<boolean> {
  try {
    const work = async (tx: Tx) => {
      if ((await swap(tx, context, [move])) === 'rebase') throw new Outrun();
      await parts.reached('pointers_moved');
    };
    await parts.write(context, work, { prepared: true });
  } catch (error) {
    // What became of a commit whose answer got lost, `commitWithRetry` finds out.
    if (!(error instanceof Outrun)) throw error;
    await takeBack(parts, context, [file]);
    return false;
  }
  await parts.reached('committed');
  return true;
}
