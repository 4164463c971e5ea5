import type { Tx } from '../../base/db/index.ts';
import {
  isIcebergError,
  newMetadata,
  openReader,
  type TableMetadata,
  versionOf,
} from '../../base/iceberg/index.ts';
import { fail } from '../../base/kit/errors.ts';
import { newId } from '../../base/kit/ids.ts';
import { changesOf } from '../access/index.ts';
import { insertRow, type WrittenMetadata, writeMetadata } from './commit.ts';
import type { Lake, LakeContext, LakeRow, Loaded, NewTable, Zone } from './lake.ts';
import { loadTable, loadView, needRow } from './load.ts';
import { checkName, fullName, isSamePath } from './names.ts';
import { needAndHold, needNamespace } from './namespaces.ts';
import type { Parts } from './parts.ts';
import { isBelow, namespaceLocation, tableLocation, workspaceLocation } from './place.ts';
import { placesBeside } from './places.ts';
import { inOurWords } from './problems.ts';
import { deleteTableRows, droppedAt } from './store/staging.ts';
import {
  deletePointer,
  dropTable,
  isNameTaken,
  lockTable,
  movePointer,
  renameTable,
  tableAround,
  tablesById,
  tablesIn,
  tablesNamed,
  tablesWritten,
} from './store/tables.ts';
import { swap } from './swap.ts';

export function openTables(parts: Parts): Lake['tables'] {
  const { read, write } = parts;
  return {
    find: (context, levels, name) => read(context, tx => findTable(tx, context, levels, name)),
    named: (context, text) =>
      read(context, async tx => (await tablesWritten(tx, context.workspace_id, text))[0]),
    get: (context, id) => read(context, async tx => (await tablesById(tx, context.workspace_id, [id]))[0]),
    list: (context, namespace_id, kind) =>
      read(context, tx => tablesIn(tx, context.workspace_id, namespace_id, kind)),
    create: (context, fresh) => createTable(parts, context, fresh),
    draft: (context, fresh) => draftTable(parts, context, fresh),
    register: (context, where) => registerTable(parts, context, where),
    rename: (context, id, to) => write(context, tx => rename(parts, tx, context, id, to)),
    drop: (context, id, options) => write(context, tx => drop(parts, tx, context, id, options)),
    load: (context, id) => loadTable(parts, context, id),
    loadView: async (context, id) => loadView(parts, await read(context, tx => needRow(tx, context, id))),
  };
}

async function findTable(
  tx: Tx,
  { workspace_id }: LakeContext,
  levels: readonly string[],
  name: string,
): Promise<LakeRow | undefined> {
  const found = await tablesNamed(tx, workspace_id, { path: levels.join('.'), name });
  return found.find(row => isSamePath(row.levels, levels));
}

// ── Making ──────────────────────────────────────────────────────────────────────────────────────────

/** Ours: what every table of the platform has, unless who makes it says something else. */
const PROPERTIES = {
  'write.metadata.delete-after-commit.enabled': 'true',
  'write.parquet.compression-codec': 'zstd',
};

async function createTable(parts: Parts, context: LakeContext, fresh: NewTable): Promise<Loaded> {
  const { id, zone, metadata } = await draftOf(parts, context, fresh);
  await refuseTaken(parts, context, fresh);
  const [file] = await writeMetadata(parts, context, [{ table_id: undefined, metadata, base: null }]);
  if (!file) throw new Error('metadata was written nowhere');
  return putIn(parts, context, { ...fresh, id, zone }, metadata, file);
}

/** Before anything is written: the usual mistake. The transaction decides. */
async function refuseTaken(
  parts: Parts,
  context: LakeContext,
  { namespace, name }: Pick<NewTable, 'namespace' | 'name'>,
): Promise<void> {
  await parts.read(context, async tx => {
    await needNamespace(tx, context, namespace);
    const there = await findTable(tx, context, namespace, name);
    if (there) throw fail('lake.table_taken', { name: fullName(there.namespace, there.name) });
  });
}

async function draftTable(parts: Parts, context: LakeContext, fresh: NewTable) {
  const { id, metadata } = await draftOf(parts, context, fresh);
  await refuseTaken(parts, context, fresh);
  return { id, metadata };
}

async function draftOf(
  parts: Parts,
  context: LakeContext,
  fresh: NewTable,
): Promise<{ id: string; zone: Zone; metadata: TableMetadata }> {
  const { workspace_id } = context;
  const { root, clock } = parts;
  checkName(fresh.name);
  const id = fresh.id ?? newId();
  const zone = fresh.zone ?? 'curated';
  const own = tableLocation(root, { workspace_id, zone, id });
  const wanted = fresh.location === undefined ? own : parts.keepInside(workspace_id, fresh.location);
  const location = wanted === own ? own : await foreignLocation(parts, context, fresh.namespace, wanted);
  const metadata = await inOurWords(fresh.name, async () =>
    newMetadata({
      location,
      schema: fresh.schema,
      ...(fresh.spec && { spec: fresh.spec }),
      ...(fresh.order && { order: fresh.order }),
      properties: { ...PROPERTIES, ...fresh.properties },
      now_ms: clock.now(),
    }),
  );
  return { id, zone: location === own ? zone : 'foreign', metadata };
}

/** Another engine says where: below its namespace, and nowhere else. */
async function foreignLocation(
  parts: Parts,
  context: LakeContext,
  levels: readonly string[],
  location: string,
): Promise<string> {
  const namespace = await parts.read(context, tx => needNamespace(tx, context, levels));
  if (!isBelow(location, namespaceLocation(parts.root, context.workspace_id, namespace.id)))
    throw fail('lake.outside', { location });
  return location;
}

async function putIn(
  parts: Parts,
  context: LakeContext,
  fresh: Pick<NewTable, 'namespace' | 'name' | 'description'> & { id: string; zone: Zone },
  metadata: TableMetadata,
  file: WrittenMetadata,
): Promise<Loaded> {
  const { location: metadata_location } = file;
  const row = await parts.write(context, async tx => {
    const namespace = await needAndHold(tx, context, fresh.namespace);
    if (await tableAround(tx, context.workspace_id, metadata.location))
      throw fail('lake.outside', { location: metadata.location });
    const { location } = metadata;
    const made = await insertRow(parts, tx, context, { ...fresh, namespace, location });
    await swap(tx, context, [
      {
        ...{ table_id: made.id, namespace: made.namespace, name: made.name, metadata, metadata_location },
        ...{ base_location: null, base_snapshot_id: null, metadata_bytes: file.bytes },
        ...{ forgotten: [], staged_ids: [file.staged_id] },
      },
    ]);
    await parts.reached('pointers_moved');
    return needRow(tx, context, made.id);
  });
  await parts.reached('committed');
  return { row, metadata, metadata_location };
}

// ── Taking in what is there ─────────────────────────────────────────────────────────────────────────

async function registerTable(
  parts: Parts,
  context: LakeContext,
  { namespace, name, location, overwrite = false }: Parameters<Lake['tables']['register']>[1],
): Promise<Loaded> {
  const { workspace_id } = context;
  checkName(name);
  const inside = parts.keepInside(workspace_id, location);
  const there = await parts.read(context, tx => findTable(tx, context, namespace, name));
  if (there && !overwrite) throw fail('lake.table_taken', { name: fullName(there.namespace, there.name) });
  const metadata_location = await inOurWords(inside, () => newestMetadata(parts, workspace_id, inside));
  const files = parts.filesOf(workspace_id);
  const metadata = await inOurWords(name, () => parts.cache.read(files, metadata_location));
  const home = parts.keepInside(workspace_id, metadata.location);
  if (isShared(parts, workspace_id, home)) throw fail('lake.outside', { location: home });
  const places = await inOurWords(name, () => placesOf(parts, context, metadata, home));
  const row = await parts.write(context, async tx => {
    if (there) await drop(parts, tx, context, there.id);
    const around = await tableAround(tx, workspace_id, home);
    if (around !== undefined) await takeOver(tx, workspace_id, home);
    for (const place of places)
      if ((await tableAround(tx, workspace_id, place)) !== undefined)
        throw fail('lake.foreign_file', { name, file: place });
    const into = await needAndHold(tx, context, namespace);
    const made = await insertRow(parts, tx, context, {
      ...{ id: newId(), namespace: into, name, zone: 'foreign', location: home, registered: true, places },
    });
    await swap(tx, context, [
      {
        ...{ table_id: made.id, namespace: made.namespace, name: made.name, metadata, metadata_location },
        ...{ base_location: null, base_snapshot_id: null, operation: 'register' },
        metadata_bytes: parts.cache.bytesOf(metadata_location) ?? 0,
        ...{ forgotten: [], staged_ids: [] },
      },
    ]);
    return needRow(tx, context, made.id);
  });
  return { row, metadata, metadata_location };
}

/** A folder of which everybody has a part: a table that had it would have theirs, and take them with it when it is purged. */
function isShared({ root }: Parts, workspace_id: string, home: string): boolean {
  const inside = home.slice(workspaceLocation(root, workspace_id).length + 1);
  return /^(raw|curated|ns|ns\/[^/]+)$/.test(inside);
}

function placesOf(
  { storage, filesOf }: Parts,
  { workspace_id }: LakeContext,
  metadata: TableMetadata,
  location: string,
): Promise<string[]> {
  const owner = { workspace_id, location, places: [], mount_id: null };
  return placesBeside(storage, openReader(filesOf(workspace_id)), metadata, owner);
}

/** A table that was dropped and whose files are still there comes back; one that is there keeps its files for itself. */
async function takeOver(tx: Tx, workspace_id: string, location: string): Promise<void> {
  const id = await droppedAt(tx, workspace_id, location);
  if (id === undefined) throw fail('lake.outside', { location });
  await deleteTableRows(tx, [id]);
}

/** A metadata file as it is; of a folder, the one that its catalog or its hint calls newest, else the one with the highest number. */
async function newestMetadata(parts: Parts, workspace_id: string, location: string): Promise<string> {
  const files = parts.filesOf(workspace_id);
  if (/\.metadata\.json(\.gz)?$/.test(location)) return location;
  const folder = location.endsWith('/metadata') ? location : `${location}/metadata`;
  const hinted = await hintedMetadata(parts, workspace_id, folder);
  if (hinted !== undefined) return hinted;
  let newest: { location: string; version: number } | undefined;
  for await (const { location: file } of files.list(`${folder}/`)) {
    const version = versionOf(file);
    if (version !== undefined && version >= (newest?.version ?? -1)) newest = { location: file, version };
  }
  if (!newest) throw fail('lake.missing_file', { file: `${folder}/*.metadata.json` });
  return newest.location;
}

async function hintedMetadata(
  { filesOf }: Parts,
  workspace_id: string,
  folder: string,
): Promise<string | undefined> {
  const files = filesOf(workspace_id);
  try {
    const hint = (await files.read(`${folder}/version-hint.text`)).toString().trim();
    if (!/^\d{1,9}$/.test(hint)) return undefined;
    const named = `${folder}/v${hint}.metadata.json`;
    return (await files.exists(named)) ? named : undefined;
  } catch (error) {
    if (isIcebergError(error, 'missing_file')) return undefined;
    throw error;
  }
}

// ── Names and the end ───────────────────────────────────────────────────────────────────────────────

async function rename(
  parts: Parts,
  tx: Tx,
  context: LakeContext,
  id: string,
  to: { namespace: readonly string[]; name: string },
): Promise<LakeRow> {
  const { workspace_id, actor } = context;
  checkName(to.name);
  const before = await lockOwn(tx, context, id);
  const namespace = await needAndHold(tx, context, to.namespace);
  const name = fullName(namespace.path, to.name);
  const taken = await isNameTaken(tx, { namespace_id: namespace.id, name: to.name, but: id });
  if (taken) throw fail('lake.table_taken', { name });
  await renameTable(tx, { id, namespace_id: namespace.id, name: to.name });
  await movePointer(
    tx,
    workspace_id,
    { path: before.namespace, name: before.name },
    { path: namespace.path, name: to.name },
  );
  await parts.record(tx, actor, {
    ...{ workspace_id, action: 'table.renamed' },
    object: { kind: 'table', id, name },
    changes: changesOf({ name: fullName(before.namespace, before.name) }, { name }),
  });
  return needRow(tx, context, id);
}

async function drop(
  parts: Parts,
  tx: Tx,
  context: LakeContext,
  id: string,
  { purge = false }: { purge?: boolean } = {},
): Promise<void> {
  const { workspace_id, actor } = context;
  const row = await lockOwn(tx, context, id);
  await dropTable(tx, id, purge ? 0 : undefined);
  await deletePointer(tx, { workspace_id, path: row.namespace, name: row.name });
  await parts.record(tx, actor, {
    ...{ workspace_id, action: 'table.dropped' },
    object: { kind: 'table', id, name: fullName(row.namespace, row.name) },
    changes: { purge: { after: purge } },
  });
}

async function lockOwn(tx: Tx, context: LakeContext, id: string): Promise<LakeRow> {
  const locked = await lockTable(tx, context.workspace_id, id);
  if (!locked) throw fail('object.not_found', { kind: 'table', id });
  const row = await needRow(tx, context, id);
  if (row.mount !== null) throw fail('lake.read_only', { name: row.name, mount: row.mount });
  return row;
}
