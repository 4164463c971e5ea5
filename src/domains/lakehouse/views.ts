import { appendEvents, type Tx } from '../../base/db/index.ts';
import { metadataName, printViewMetadata, type ViewMetadata, versionOf } from '../../base/iceberg/index.ts';
import { fail } from '../../base/kit/errors.ts';
import { newId } from '../../base/kit/ids.ts';
import { insertRow } from './commit.ts';
import type { Lake, LakeContext, LakeRow, LoadedView } from './lake.ts';
import { loadView, needRow } from './load.ts';
import { checkName, fullName } from './names.ts';
import { needAndHold, needNamespace } from './namespaces.ts';
import type { Parts } from './parts.ts';
import { isBelow, namespaceLocation } from './place.ts';
import { inOurWords } from './problems.ts';
import { addStagedPrefixes, deleteStagedPrefixes } from './store/staging.ts';
import { describeView, moveView } from './store/views.ts';

// Views of the catalog: a query text with its versions, kept as a metadata file like a table's. They have no rows and no files.

const MAX_TRIES = 20;

export function openViews(parts: Parts): Lake['views'] {
  return {
    create: (context, fresh) => inOurWords(fresh.name, () => createView(parts, context, fresh)),
    replace: (context, id, change) => replaceView(parts, context, id, change),
  };
}

async function createView(
  parts: Parts,
  context: LakeContext,
  { namespace: levels, name, location, make }: Parameters<Lake['views']['create']>[1],
): Promise<LoadedView> {
  const { workspace_id } = context;
  checkName(name);
  const id = newId();
  const namespace = await parts.read(context, tx => needNamespace(tx, context, levels));
  const home = namespaceLocation(parts.root, workspace_id, namespace.id);
  const place = location === undefined ? `${home}/views/${id}` : parts.keepInside(workspace_id, location);
  if (!isBelow(place, home)) throw fail('lake.outside', { location: place });
  const metadata = make(place);
  const file = await writeView(parts, context, metadata, null);
  const row = await parts.write(context, async tx => {
    const here = await needAndHold(tx, context, levels);
    await insertRow(parts, tx, context, {
      ...{ id, namespace: here, name, kind: 'view', zone: 'foreign', location: place },
    });
    await move(tx, context, { id, base: null, file, metadata });
    return needRow(tx, context, id);
  });
  return { row, metadata, metadata_location: file.location };
}

async function replaceView(
  parts: Parts,
  context: LakeContext,
  id: string,
  change: (current: ViewMetadata) => ViewMetadata,
): Promise<LoadedView> {
  for (let tries = 1; ; tries += 1) {
    const current = await parts.read(context, tx => needRow(tx, context, id));
    const loaded = await loadView(parts, current);
    const metadata = await inOurWords(current.name, async () => change(loaded.metadata));
    parts.keepInside(context.workspace_id, metadata.location);
    const file = await writeView(parts, context, metadata, loaded.metadata_location);
    const row = await parts.write(context, async tx => {
      const moved = await move(tx, context, { id, base: loaded.metadata_location, file, metadata });
      return moved ? needRow(tx, context, id) : undefined;
    });
    if (row) return { row, metadata, metadata_location: file.location };
    await parts
      .filesOf(context.workspace_id)
      .remove(file.location)
      .catch(() => {});
    if (tries === MAX_TRIES)
      throw fail('lake.busy', { name: fullName(current.namespace, current.name), attempts: tries });
  }
}

interface ViewFile {
  location: string;
  bytes: number;
  staged_id: string;
}

async function writeView(
  { filesOf, write }: Parts,
  { workspace_id, actor }: LakeContext,
  metadata: ViewMetadata,
  base: string | null,
): Promise<ViewFile> {
  const version = base === null ? 0 : (versionOf(base) ?? 0) + 1;
  const location = `${metadata.location}/metadata/${metadataName(version)}`;
  const staged_id = newId();
  const bytes = Buffer.from(printViewMetadata(metadata));
  await write({ workspace_id }, tx =>
    addStagedPrefixes(tx, [
      {
        ...{ id: staged_id, workspace_id, table_id: null, prefix: location, task_id: null, attempt: null },
        request_id: actor.request_id ?? newId(),
      },
    ]),
  );
  const files = filesOf(workspace_id);
  await files.write(location, bytes);
  await files.seal([location]);
  return { location, bytes: bytes.length, staged_id };
}

async function move(
  tx: Tx,
  { workspace_id, actor }: LakeContext,
  { id, base, file, metadata }: { id: string; base: string | null; file: ViewFile; metadata: ViewMetadata },
): Promise<boolean> {
  const pointer = { workspace_id, id, base, location: file.location };
  if (!(await moveView(tx, pointer))) return false;
  await describeView(tx, {
    ...{ workspace_id, id, metadata_location: file.location, metadata_bytes: file.bytes },
    ...{ table_uuid: metadata['view-uuid'], versions: metadata.versions.length },
  });
  await deleteStagedPrefixes(tx, [file.staged_id]);
  const row: LakeRow = await needRow(tx, { workspace_id, actor, via: 'api' }, id);
  await appendEvents(tx, [
    {
      ...{ workspace_id, type: 'lake.view.changed', subject: `table:${id}` },
      actor: actor.id === null ? actor.kind : `${actor.kind}:${actor.id}`,
      cause: actor.request_id,
      payload: { table_id: id, table: fullName(row.namespace, row.name) },
    },
  ]);
  return true;
}
