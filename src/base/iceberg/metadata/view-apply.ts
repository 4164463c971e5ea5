import { z } from 'zod';
import { IcebergError } from '../errors.ts';
import { printJson } from '../json.ts';
import { isSameSchema } from '../schema/index.ts';
import { nextId } from './layout.ts';
import { readAs } from './problem.ts';
import { withoutSlash } from './read.ts';
import { failed } from './requirement.ts';
import { LAST_ADDED, SHARED_UPDATES, withNewNames } from './update.ts';
import { checkView, currentVersion, type ViewMetadata, type ViewVersion, viewVersionSchema } from './view.ts';

export const viewUpdateSchema = z.preprocess(
  withNewNames,
  z.discriminatedUnion(
    'action',
    [
      ...SHARED_UPDATES,
      z.object({ action: z.literal('add-view-version'), 'view-version': viewVersionSchema }),
      z.object({ action: z.literal('set-current-view-version'), 'view-version-id': z.int() }),
    ],
    {
      error: issue =>
        issue.code === 'invalid_union' ? 'is no update of a view that is known here' : undefined,
    },
  ),
);
export type ViewUpdate = z.infer<typeof viewUpdateSchema>;

export const viewRequirementSchema = z.discriminatedUnion(
  'type',
  [z.object({ type: z.literal('assert-view-uuid'), uuid: z.string() })],
  {
    error: issue =>
      issue.code === 'invalid_union' ? 'is no requirement of a view that is known here' : undefined,
  },
);
export type ViewRequirement = z.infer<typeof viewRequirementSchema>;

export function parseViewUpdates(json: unknown): ViewUpdate[] {
  return readAs(z.array(viewUpdateSchema), json, 'updates', 'invalid');
}

export function parseViewRequirements(json: unknown): ViewRequirement[] {
  return readAs(z.array(viewRequirementSchema), json, 'requirements', 'invalid');
}

/** Fails with `requirement` at the first that does not hold. */
export function checkViewRequirements(view: ViewMetadata, requirements: readonly ViewRequirement[]): void {
  for (const { type, uuid } of requirements)
    if (uuid.toLowerCase() !== view['view-uuid'].toLowerCase()) throw failed(type, uuid, view['view-uuid']);
}

interface State {
  view: ViewMetadata;
  now_ms: number;
  last: { schema?: number; version?: number };
}

/** As `applyUpdates`, of a view. */
export function applyViewUpdates(
  base: ViewMetadata,
  updates: readonly ViewUpdate[],
  { now_ms }: { now_ms: number },
): ViewMetadata {
  const { view } = updates.reduce(applyViewUpdate, { view: base, now_ms, last: {} });
  checkView(view, 'the view after the updates', 'invalid');
  checkDialects(base, view);
  return withFewVersions(view);
}

function applyViewUpdate(state: State, update: ViewUpdate): State {
  const { view } = state;
  const becomes = (changes: Partial<ViewMetadata>): State => ({ ...state, view: { ...view, ...changes } });
  switch (update.action) {
    case 'assign-uuid':
      if (update.uuid.toLowerCase() !== view['view-uuid'].toLowerCase())
        throw invalid(`the view has uuid ${view['view-uuid']}, which cannot become ${update.uuid}`);
      return state;
    case 'upgrade-format-version':
      if (update['format-version'] === 1) return state;
      throw new IcebergError(
        'unsupported',
        `format version ${update['format-version']} of views is not supported`,
        {
          format_version: update['format-version'],
        },
      );
    case 'add-schema':
      return addSchema(state, update.schema);
    case 'set-location':
      return becomes({ location: withoutSlash(update.location) });
    case 'set-properties':
      return becomes({ properties: { ...view.properties, ...update.updates } });
    case 'remove-properties': {
      const kept = Object.entries(view.properties).filter(([key]) => !update.removals.includes(key));
      return becomes({ properties: Object.fromEntries(kept) });
    }
    case 'add-view-version':
      return addVersion(state, update['view-version']);
    case 'set-current-view-version':
      return setCurrent(state, update['view-version-id']);
    default:
      return update satisfies never;
  }
}

function addSchema(state: State, schema: ViewMetadata['schemas'][number]): State {
  const { view } = state;
  const same = view.schemas.find(each => isSameSchema(each, schema));
  const id =
    same?.['schema-id'] ??
    nextId(
      view.schemas.map(each => each['schema-id']),
      0,
    );
  const schemas = same ? view.schemas : [...view.schemas, { ...schema, 'schema-id': id }];
  return { ...state, view: { ...view, schemas }, last: { ...state.last, schema: id } };
}

/** Clients number versions as they like: the id in the request is only a wish. */
function addVersion(state: State, wanted: ViewVersion): State {
  const { view, last } = state;
  const schema_id = wanted['schema-id'] === LAST_ADDED ? last.schema : wanted['schema-id'];
  if (schema_id === undefined) throw invalid('-1 is the schema that was just added, but none was');
  const version = { ...wanted, 'schema-id': schema_id };
  const same = view.versions.find(each => isSameVersion(each, version));
  const id =
    same?.['version-id'] ??
    nextId(
      view.versions.map(each => each['version-id']),
      1,
    );
  const versions = same ? view.versions : [...view.versions, { ...version, 'version-id': id }];
  return { ...state, view: { ...view, versions }, last: { ...last, version: id } };
}

function isSameVersion(a: ViewVersion, b: ViewVersion): boolean {
  const text = ({ 'version-id': _, 'timestamp-ms': __, ...rest }: ViewVersion) =>
    printJson(Object.entries(rest).sort(([one], [other]) => (one < other ? -1 : 1)));
  return text(a) === text(b);
}

function setCurrent(state: State, wanted: number): State {
  const { view, last } = state;
  const id = wanted === LAST_ADDED ? last.version : wanted;
  if (id === undefined) throw invalid('-1 is the version that was just added, but none was');
  if (id === view['current-version-id']) return state;
  const version = view.versions.find(each => each['version-id'] === id);
  if (!version) throw invalid(`the view has no version ${id}`);
  const log = view['version-log'];
  // An old version becomes current now; one that is new does by its own time, if that has come. The log must rise.
  const time = id === last.version ? Math.min(version['timestamp-ms'], state.now_ms) : state.now_ms;
  const entry = { 'version-id': id, 'timestamp-ms': Math.max(time, log.at(-1)?.['timestamp-ms'] ?? 0) };
  return { ...state, view: { ...view, 'current-version-id': id, 'version-log': [...log, entry] } };
}

/** A replacement from one engine must not take away the query of another in silence. */
function checkDialects(base: ViewMetadata, view: ViewMetadata): void {
  if (base['current-version-id'] === view['current-version-id']) return;
  if (view.properties['replace.drop-dialect.allowed'] === 'true') return;
  const kept = new Set(dialectsOf(view));
  const lost = dialectsOf(base).filter(dialect => !kept.has(dialect));
  if (lost.length > 0)
    throw invalid(
      `the view would lose its query for ${lost.join(', ')}: set replace.drop-dialect.allowed to true if it should`,
    );
}

function dialectsOf(view: ViewMetadata): string[] {
  return currentVersion(view).representations.map(each => each.dialect.toLowerCase());
}

const DEFAULT_HISTORY = 10;

function withFewVersions(view: ViewMetadata): ViewMetadata {
  const wanted = Number(view.properties['version.history.num-entries'] ?? DEFAULT_HISTORY);
  const limit = Number.isInteger(wanted) && wanted >= 1 ? wanted : DEFAULT_HISTORY;
  if (view.versions.length <= limit) return view;
  const current = currentVersion(view);
  const others = view.versions.filter(each => each !== current);
  const kept = new Set([current, ...others.slice(others.length - (limit - 1))]);
  const versions = view.versions.filter(each => kept.has(each));
  const ids = new Set(versions.map(each => each['version-id']));
  const log = view['version-log'];
  const gap = log.findLastIndex(entry => !ids.has(entry['version-id']));
  return { ...view, versions, 'version-log': log.slice(gap + 1) };
}

function invalid(message: string): IcebergError {
  return new IcebergError('invalid', message, {});
}
