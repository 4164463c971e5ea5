import { z } from 'zod';
import {
  applyViewUpdates,
  checkViewRequirements,
  newViewMetadata,
  parseViewRequirements,
  parseViewUpdates,
  printViewMetadata,
  schemaSchema,
  viewVersionSchema,
} from '../../../base/iceberg/index.ts';
import type { LoadedView } from '../lake.ts';
import { type CatalogAnswer, type CatalogCall, type Endpoint, NO_CONTENT } from './call.ts';
import { contextOf } from './context.ts';
import { parseLevels } from './levels.ts';
import { identifierIn, requireObject, requireWhole } from './objects.ts';
import type { CatalogParts } from './parts.ts';
import { readBody } from './requests.ts';
import { listObjects, renameObject } from './tables.ts';

// Views: queries in the dialects of the engines that wrote them, with versions. Nothing here understands them.

const ALL = '/v1/{prefix}/namespaces/{namespace}/views';
const ONE = `${ALL}/{view}` as const;

export function viewEndpoints(parts: CatalogParts): Endpoint[] {
  const { lake } = parts;
  return [
    {
      name: 'list_views',
      method: 'GET',
      path: ALL,
      permission: 'lake:read',
      handle: call => listObjects(parts, call, 'view'),
    },
    {
      name: 'create_view',
      method: 'POST',
      path: ALL,
      permission: 'lake:write',
      handle: call => createView(parts, call),
      again: call => loadView(parts, call, readBody(newViewBody.pick({ name: true }), call.text).name),
    },
    {
      name: 'load_view',
      method: 'GET',
      path: ONE,
      permission: 'lake:read',
      handle: call => loadView(parts, call),
    },
    {
      name: 'view_exists',
      method: 'HEAD',
      path: ONE,
      permission: 'lake:read',
      async handle(call) {
        await requireObject(lake, call, 'view');
        return NO_CONTENT;
      },
    },
    {
      name: 'replace_view',
      method: 'POST',
      path: ONE,
      permission: 'lake:write',
      handle: call => replaceView(parts, call),
      again: call => loadView(parts, call),
    },
    {
      name: 'drop_view',
      method: 'DELETE',
      path: ONE,
      permission: 'lake:write',
      async handle(call) {
        const row = await requireWhole(lake, call, 'view');
        await lake.tables.drop(contextOf(call), row.id);
        return NO_CONTENT;
      },
    },
    {
      name: 'rename_view',
      method: 'POST',
      path: '/v1/{prefix}/views/rename',
      permission: 'lake:write',
      handle: call => renameObject(parts, call, 'view'),
    },
  ];
}

const newViewBody = z.object({
  name: z.string().min(1),
  location: z.string().nullish(),
  schema: schemaSchema,
  'view-version': viewVersionSchema,
  properties: z.record(z.string(), z.string()).nullish(),
});

const viewCommitBody = z.object({ requirements: z.unknown(), updates: z.unknown() });

async function createView({ lake, clock }: CatalogParts, call: CatalogCall): Promise<CatalogAnswer> {
  const { name, location, schema, properties, 'view-version': version } = readBody(newViewBody, call.text);
  const made = await lake.views.create(contextOf(call), {
    namespace: parseLevels(call.params.namespace ?? ''),
    name,
    location: location ?? undefined,
    make: place =>
      newViewMetadata({
        location: place,
        schema,
        version,
        properties: properties ?? {},
        now_ms: clock.now(),
      }),
  });
  return answerOf(made);
}

async function replaceView({ lake, clock }: CatalogParts, call: CatalogCall): Promise<CatalogAnswer> {
  const row = await requireWhole(lake, call, 'view');
  const body = readBody(viewCommitBody, call.text);
  const requirements = parseViewRequirements(body.requirements ?? []);
  const updates = parseViewUpdates(body.updates ?? []);
  const replaced = await lake.views.replace(contextOf(call), row.id, current => {
    checkViewRequirements(current, requirements);
    return applyViewUpdates(current, updates, { now_ms: clock.now() });
  });
  return answerOf(replaced);
}

async function loadView(
  { lake }: CatalogParts,
  call: CatalogCall,
  name = identifierIn(call).name,
): Promise<CatalogAnswer> {
  const identifier = { ...identifierIn(call), name };
  const row = await requireWhole(lake, call, 'view', identifier);
  return answerOf(await lake.tables.loadView(contextOf(call), row.id));
}

function answerOf({ metadata, metadata_location }: LoadedView): CatalogAnswer {
  const location = JSON.stringify(metadata_location);
  const body = `{"metadata-location":${location},"metadata":${printViewMetadata(metadata)},"config":{}}`;
  return { status: 200, body };
}
