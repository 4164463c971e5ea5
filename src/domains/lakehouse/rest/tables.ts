import type { Loaded } from '../lake.ts';
import { type CatalogAnswer, type CatalogCall, type Endpoint, json, NO_CONTENT } from './call.ts';
import { commitChanges, territoryOf } from './commit.ts';
import { contextOf } from './context.ts';
import { parseLevels, showLevels } from './levels.ts';
import { etagOf, loadAnswer, readSnapshotMode } from './load-answer.ts';
import { checkNewHome, checkProperties } from './locations.ts';
import { checkWhole, findObject, identifierIn, requireObject, requireWhole, visible } from './objects.ts';
import { pageOf, readPage } from './pages.ts';
import type { CatalogParts } from './parts.ts';
import { alreadyExists, noSuchNamespace } from './problem.ts';
import { commitBody, newTableBody, readBody, registerBody, renameBody } from './requests.ts';
import { asksForKeys, NO_ACCESS, storageAccess } from './storage-access.ts';

const ALL = '/v1/{prefix}/namespaces/{namespace}/tables';
const ONE = `${ALL}/{table}` as const;

export function tableEndpoints(parts: CatalogParts): Endpoint[] {
  const { lake } = parts;
  const loadNamed = (name: 'body' | 'address') => async (call: CatalogCall) => {
    const { namespace } = call.params;
    const identifier =
      name === 'address'
        ? identifierIn(call)
        : {
            namespace: parseLevels(namespace ?? ''),
            name: readBody(registerBody.pick({ name: true }), call.text).name,
          };
    const row = await requireWhole(lake, call, 'table', identifier);
    return answerWith(parts, call, await lake.tables.load(contextOf(call), row.id));
  };

  return [
    {
      name: 'list_tables',
      method: 'GET',
      path: ALL,
      permission: 'lake:read',
      handle: call => listObjects(parts, call, 'table'),
    },
    {
      name: 'create_table',
      method: 'POST',
      path: ALL,
      permission: 'lake:write',
      handle: call => createTable(parts, call),
      again: call => (isStaged(call) ? createTable(parts, call) : loadNamed('body')(call)),
    },
    {
      name: 'load_table',
      method: 'GET',
      path: ONE,
      permission: 'lake:read',
      handle: call => loadTable(parts, call),
    },
    {
      name: 'table_exists',
      method: 'HEAD',
      path: ONE,
      permission: 'lake:read',
      async handle(call) {
        await requireObject(lake, call, 'table');
        return NO_CONTENT;
      },
    },
    {
      name: 'commit_table',
      method: 'POST',
      path: ONE,
      permission: 'lake:write',
      async handle(call) {
        const change = { identifier: identifierIn(call), ...readBody(commitBody, call.text) };
        const [committed] = await commitChanges(parts, call, [change]);
        if (!committed) throw new Error('A commit of one table answered for none.');
        // Only what is here already: whatever could fail now would look like a commit that failed.
        return loadAnswer(committed, NO_ACCESS);
      },
      again: loadNamed('address'),
    },
    {
      name: 'drop_table',
      method: 'DELETE',
      path: ONE,
      permission: 'lake:write',
      async handle(call) {
        const row = await requireWhole(lake, call, 'table');
        await lake.tables.drop(contextOf(call), row.id, { purge: asksToPurge(call.query) });
        return NO_CONTENT;
      },
    },
    {
      name: 'register_table',
      method: 'POST',
      path: '/v1/{prefix}/namespaces/{namespace}/register',
      // As everywhere else: what is registered is read from then on, whoever wrote it.
      permission: 'lake:configure',
      handle: call => registerTable(parts, call),
      again: loadNamed('body'),
    },
    {
      name: 'rename_table',
      method: 'POST',
      path: '/v1/{prefix}/tables/rename',
      permission: 'lake:write',
      handle: call => renameObject(parts, call, 'table'),
    },
    {
      name: 'report_metrics',
      method: 'POST',
      path: `${ONE}/metrics`,
      permission: 'lake:read',
      // What engines tell of their scans is not kept; an error here would fail their queries.
      async handle(call) {
        await requireObject(lake, call, 'table');
        return NO_CONTENT;
      },
    },
    {
      name: 'load_credentials',
      method: 'GET',
      path: `${ONE}/credentials`,
      permission: 'lake:read',
      async handle(call) {
        const row = await requireWhole(lake, call, 'table');
        const { credentials } = await storageAccess(parts.storage, call, row.location, true);
        return json(200, { 'storage-credentials': credentials });
      },
    },
  ];
}

export async function listObjects(
  { lake }: CatalogParts,
  call: CatalogCall,
  kind: 'table' | 'view',
): Promise<CatalogAnswer> {
  const context = contextOf(call);
  const levels = parseLevels(call.params.namespace ?? '');
  const namespace = await lake.namespaces.find(context, levels);
  if (!namespace) throw noSuchNamespace(showLevels(levels));
  const rows = await visible(lake, call, await lake.tables.list(context, namespace.id, kind));
  const { items, next } = pageOf(rows, readPage(call.query), row => row.name);
  const identifiers = items.map(({ name }) => ({ namespace: namespace.levels, name }));
  return json(200, { identifiers, 'next-page-token': next });
}

export async function renameObject(
  { lake }: CatalogParts,
  call: CatalogCall,
  kind: 'table' | 'view',
): Promise<CatalogAnswer> {
  const { source, destination } = readBody(renameBody, call.text);
  const row = await requireWhole(lake, call, kind, source);
  await lake.tables.rename(contextOf(call), row.id, destination);
  return NO_CONTENT;
}

async function createTable(parts: CatalogParts, call: CatalogCall): Promise<CatalogAnswer> {
  const { lake } = parts;
  const context = contextOf(call);
  const namespace = parseLevels(call.params.namespace ?? '');
  const { name, location, schema, properties, ...body } = readBody(newTableBody, call.text);
  const territory = territoryOf(parts, call);
  if (location) checkNewHome(location, territory);
  checkProperties(properties ?? {}, location ?? undefined, territory);
  const fresh = {
    namespace,
    name,
    schema,
    location: location ?? undefined,
    spec: body['partition-spec'] ?? undefined,
    order: body['write-order'] ?? undefined,
    properties: properties ?? {},
  };
  if (body['stage-create'] !== true) {
    const made = await lake.tables.create(context, fresh);
    await parts.makeFolders(foldersOf(made.metadata.location));
    return answerMade(parts, call, made);
  }
  if (await lake.tables.find(context, namespace, name))
    throw alreadyExists(`There is already a table or view ${showLevels([...namespace, name])}`);
  const { metadata } = await lake.tables.draft(context, fresh);
  await parts.makeFolders(foldersOf(metadata.location));
  return answerWith(parts, call, { metadata, metadata_location: undefined });
}

function isStaged(call: CatalogCall): boolean {
  return readBody(newTableBody.pick({ 'stage-create': true }), call.text)['stage-create'] === true;
}

/** DuckDB makes neither, and its CREATE TABLE AS fails without them. */
function foldersOf(location: string): string[] {
  return [`${location}/data`, `${location}/metadata`];
}

async function loadTable(parts: CatalogParts, call: CatalogCall): Promise<CatalogAnswer> {
  const row = await requireWhole(parts.lake, call, 'table');
  const mode = readSnapshotMode(call.query);
  const etag = row.metadata_location === null ? undefined : etagOf(row.metadata_location, mode);
  if (etag !== undefined && !asksForKeys(call) && call.headers['if-none-match']?.includes(etag))
    return { status: 304, etag };
  const loaded = await parts.lake.tables.load(contextOf(call), row.id);
  // An empty table may be about to get its first file, from an engine that does not make the folder for it.
  if (loaded.metadata.snapshots.length === 0) await parts.makeFolders(foldersOf(loaded.metadata.location));
  return answerWith(parts, call, loaded);
}

async function registerTable(parts: CatalogParts, call: CatalogCall): Promise<CatalogAnswer> {
  const { lake } = parts;
  const namespace = parseLevels(call.params.namespace ?? '');
  const { name, overwrite, 'metadata-location': location } = readBody(registerBody, call.text);
  const existing = await findObject(lake, call, 'table', { namespace, name });
  if (existing) await checkWhole(lake, call, existing);
  const where = { namespace, name, location, overwrite: overwrite ?? false };
  return answerMade(parts, call, await lake.tables.register(contextOf(call), where));
}

type Answered = Pick<Loaded, 'metadata'> & { metadata_location: string | undefined };

async function answerWith(parts: CatalogParts, call: CatalogCall, loaded: Answered): Promise<CatalogAnswer> {
  const access = await storageAccess(parts.storage, call, loaded.metadata.location);
  return loadAnswer(loaded, access, readSnapshotMode(call.query));
}

/** The table is there: an issuer of keys that fails now must not make it look as if it were not. The client asks for keys again. */
async function answerMade(parts: CatalogParts, call: CatalogCall, made: Loaded): Promise<CatalogAnswer> {
  return answerWith(parts, call, made).catch(() => loadAnswer(made, NO_ACCESS));
}

/** `purgeRequested=True`, as Python writes it. */
function asksToPurge(query: URLSearchParams): boolean {
  return query.get('purgeRequested')?.toLowerCase() === 'true';
}
