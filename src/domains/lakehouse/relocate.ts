import type { Store } from '../../base/db/index.ts';
import {
  type Engine,
  type Files,
  IcebergError,
  metadataFolder,
  metadataName,
  parseMetadata,
  parseViewMetadata,
  printMetadata,
  printViewMetadata,
  type RelocationStep,
  relocate,
  versionOf,
} from '../../base/iceberg/index.ts';
import type { Storage } from '../../base/storage/index.ts';
import { fullName } from './names.ts';
import { formerRoot, saveRoot } from './store/place.ts';
import { type Placed, placedBelow, placeTable, placeTheRest } from './store/relocation.ts';

// The lake at another place (foundations §7): its locations are absolute, so whoever moves its folder, or wants it on S3, has
// everything that names a place written again. Table by table, each true by itself; stopped anywhere, it goes on from there.

export interface RelocateParts {
  store: Store;
  /** Where the lake is to be, or has been moved to. */
  target: Storage;
  targetFiles(workspace_id: string): Files;
  /** Where it was, if that is still there. */
  source?: Storage;
  sourceFiles?(workspace_id: string): Files;
  /** Writes position deletes again. */
  engine: Engine;
  told?(table: string, step?: RelocationStep): void;
}

export interface Relocated {
  from: string;
  to: string;
  tables: number;
  objects: number;
}

const BATCH = 100;
const FIRST = '00000000-0000-0000-0000-000000000000';

/** While nothing else runs on this installation. Answers undefined where the lake already is where it is wanted. */
export async function relocateLake(parts: RelocateParts, from_root?: string): Promise<Relocated | undefined> {
  const { store, target } = parts;
  const to = target.facts.root;
  const from = from_root ?? (await store.withInstance('where the lake was', formerRoot));
  if (from === null || from === to) return undefined;
  const objects = await bringArtifacts(parts);
  let tables = 0;
  for (let after = FIRST; ; ) {
    const batch = await store.withInstance('tables at their old place', tx =>
      placedBelow(tx, from, after, BATCH),
    );
    for (const placed of batch) {
      await moveOne(parts, placed, from, to);
      tables += 1;
      after = placed.id;
    }
    if (batch.length < BATCH) break;
  }
  await store.withInstance('the lake is at its new place', async tx => {
    await placeTheRest(tx, from, to);
    await saveRoot(tx, to);
  });
  return { from, to, tables, objects };
}

async function moveOne(parts: RelocateParts, placed: Placed, from: string, to: string): Promise<void> {
  const files = parts.targetFiles(placed.workspace_id);
  const file =
    placed.kind === 'table'
      ? await moveTable(parts, placed, from, to)
      : await moveView(parts, placed, from, to);
  await files.write(file.location, file.bytes);
  await files.seal([file.location]);
  const location = moved(placed.location, from, to);
  // From here on the table is at its new place; what it was is still whole, where it was.
  const done = await parts.store.withInstance('a table at its new place', tx =>
    placeTable(tx, placed, { location, metadata_location: file.location }),
  );
  if (!done) throw new Error(`${fullName(placed.namespace, placed.name)} was changed while it was moved`);
  parts.told?.(fullName(placed.namespace, placed.name));
}

interface NewFile {
  location: string;
  bytes: Buffer;
}

async function moveTable(parts: RelocateParts, placed: Placed, from: string, to: string): Promise<NewFile> {
  const { workspace_id, metadata_location } = placed;
  const target = parts.targetFiles(workspace_id);
  const source = parts.sourceFiles?.(workspace_id) ?? NOWHERE;
  const before = parseMetadata(
    await readEither(target, source, metadata_location, from, to),
    metadata_location,
  );
  const metadata = await relocate(before, {
    ...{ from, to, source, target, engine: parts.engine },
    ...(parts.source && { copy: copier(parts.source, parts.target) }),
    on_step: step => parts.told?.(fullName(placed.namespace, placed.name), step),
  });
  const name = metadataName((versionOf(metadata_location) ?? 0) + 1);
  return { location: `${metadataFolder(metadata)}/${name}`, bytes: Buffer.from(printMetadata(metadata)) };
}

async function moveView(parts: RelocateParts, placed: Placed, from: string, to: string): Promise<NewFile> {
  const { workspace_id, metadata_location } = placed;
  const target = parts.targetFiles(workspace_id);
  const source = parts.sourceFiles?.(workspace_id) ?? NOWHERE;
  const before = parseViewMetadata(await readEither(target, source, metadata_location, from, to));
  const metadata = { ...before, location: moved(before.location, from, to) };
  const name = metadataName((versionOf(metadata_location) ?? 0) + 1);
  return {
    location: `${metadata.location}/metadata/${name}`,
    bytes: Buffer.from(printViewMetadata(metadata)),
  };
}

function moved(location: string, from: string, to: string): string {
  return location.startsWith(`${from}/`) ? to + location.slice(from.length) : location;
}

/** Of a folder that somebody moved, everything is at its new place already. */
async function readEither(
  target: Files,
  source: Pick<Files, 'read'>,
  location: string,
  from: string,
  to: string,
): Promise<Buffer> {
  const there = moved(location, from, to);
  return (await target.exists(there)) ? target.read(there) : source.read(location);
}

function copier(source: Storage, target: Storage): (from: string, to: string) => Promise<void> {
  return async (from, to) => {
    const [old, now] = [source.keyOf(from), target.keyOf(to)];
    if (old === undefined || now === undefined)
      throw new IcebergError('outside', `${from} is not in the lake`, { file: from });
    await target.write(now, await source.get(old));
  };
}

const gone = async (location: string): Promise<never> => {
  throw new IcebergError('missing_file', `${location} is not there`, { file: location });
};
/** The old place is no more. */
const NOWHERE: Pick<Files, 'read' | 'open'> = {
  read: gone,
  open: ([location]) => gone(location ?? ''),
};

/** Logs and exports lie beside the lake; the mark of the storage is the new one's own. */
async function bringArtifacts({ source, target }: RelocateParts): Promise<number> {
  if (!source) return 0;
  let count = 0;
  for (let after: string | null = ''; after !== null; ) {
    const page: Awaited<ReturnType<Storage['list']>> = await source.list('artifacts/', { after });
    for (const { key, bytes } of page.items) {
      if (key === 'artifacts/storage-id' || (await target.size(key)) === bytes) continue;
      await target.put(key, await source.get(key));
      count += 1;
    }
    after = page.next;
  }
  return count;
}

/** By a server that starts: what to say where the lake is not where it was; else it is remembered where it is. */
export async function noticeRoot(store: Store, root: string): Promise<string | undefined> {
  return store.withInstance('where the lake is', async tx => {
    const before = await formerRoot(tx);
    if (before === root) return undefined;
    // A lake without tables names no place.
    const [first] = before === null ? [] : await placedBelow(tx, before, FIRST, 1);
    if (before === null || !first) {
      await saveRoot(tx, root);
      return undefined;
    }
    return before;
  });
}
