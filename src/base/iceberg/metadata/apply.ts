import { IcebergError } from '../errors.ts';
import type { Schema, Snapshot, SnapshotId, SnapshotRef, SortOrder, TableMetadata } from '../model.ts';
import { checkSchema, highestFieldId, isSameSchema } from '../schema/index.ts';
import { absent } from '../schema/json.ts';
import { emptyMetadata } from './create.ts';
import {
  checkOrder,
  checkOrderSources,
  checkSequential,
  checkSources,
  checkSpec,
  isSameOrder,
  isSameSpec,
  nextId,
  numberSpec,
} from './layout.ts';
import { defaultOrder, defaultSpec, findSnapshot, refOf, schemaById } from './look.ts';
import { checkMetadata, MAIN, withoutSlash } from './read.ts';
import { LAST_ADDED, type Update } from './update.ts';

/** A clock that is wrong by more would put the table's history out of order for as long. */
const MAX_AHEAD_MS = 24 * 60 * 60 * 1000;

/**
 * The metadata after the updates, in their order; `undefined` is a table that is being created. Nothing that is given is changed. Fails
 * with `invalid` when an update cannot be, `unsupported` for what belongs to version 3, `conflict` for a snapshot that was made
 * on a state of before.
 */
export function applyUpdates(
  base: TableMetadata | undefined,
  updates: readonly Update[],
  { now_ms }: { now_ms: number },
): TableMetadata {
  if (base && updates.length === 0) return base;
  const started: State = {
    metadata: base ?? emptyMetadata(now_ms),
    base,
    now_ms,
    last: {},
    added: new Set(),
  };
  const { metadata, added } = updates.reduce(applyUpdate, started);
  const tidy = withTidyLog(withoutLostRefs(metadata), base, added);
  const done = absent({ ...tidy, 'last-updated-ms': updatedAt(tidy, base, now_ms) });
  checkWhole(done, base);
  return done;
}

interface State {
  metadata: TableMetadata;
  base: TableMetadata | undefined;
  now_ms: number;
  /** What -1 means. */
  last: { schema?: number; spec?: number; order?: number };
  /** The snapshots of this commit. */
  added: ReadonlySet<SnapshotId>;
}

function applyUpdate(state: State, update: Update): State {
  const { metadata } = state;
  const becomes = (changes: Partial<TableMetadata>): State => ({
    ...state,
    metadata: { ...metadata, ...changes },
  });
  switch (update.action) {
    case 'assign-uuid':
      return becomes({ 'table-uuid': assignedUuid(metadata, update.uuid) });
    case 'upgrade-format-version':
      return becomes({ 'format-version': upgraded(metadata, update['format-version']) });
    case 'add-schema':
      return addSchema(state, update.schema, update['last-column-id']);
    case 'set-current-schema':
      return becomes({ 'current-schema-id': idOf(update['schema-id'], state.last.schema, 'schema') });
    case 'add-spec':
      return addSpec(state, update.spec);
    case 'set-default-spec':
      return becomes({ 'default-spec-id': idOf(update['spec-id'], state.last.spec, 'partition spec') });
    case 'add-sort-order':
      return addOrder(state, update['sort-order']);
    case 'set-default-sort-order':
      return becomes({
        'default-sort-order-id': idOf(update['sort-order-id'], state.last.order, 'sort order'),
      });
    case 'add-snapshot':
      return addSnapshot(state, update.snapshot);
    case 'set-snapshot-ref': {
      const { action: _, 'ref-name': name, ...ref } = update;
      return setRef(state, name, absent(ref));
    }
    case 'remove-snapshots':
      return becomes(withoutSnapshots(metadata, new Set(update['snapshot-ids'])));
    case 'remove-snapshot-ref':
      return becomes(withoutRef(metadata, update['ref-name']));
    case 'set-location':
      return becomes({ location: withoutSlash(update.location) });
    case 'set-properties':
      return becomes({ properties: { ...metadata.properties, ...update.updates } });
    case 'remove-properties':
      return becomes({ properties: without(metadata.properties, new Set(update.removals)) });
    case 'set-statistics':
      return becomes({ statistics: replaced(metadata.statistics, update.statistics) });
    case 'remove-statistics':
      return becomes({ statistics: notOf(metadata.statistics, update['snapshot-id']) });
    case 'set-partition-statistics':
      return becomes({
        'partition-statistics': replaced(metadata['partition-statistics'], update['partition-statistics']),
      });
    case 'remove-partition-statistics':
      return becomes({
        'partition-statistics': notOf(metadata['partition-statistics'], update['snapshot-id']),
      });
    case 'remove-partition-specs':
      return becomes({
        'partition-specs': metadata['partition-specs'].filter(
          spec => !update['spec-ids'].includes(spec['spec-id']),
        ),
      });
    case 'remove-schemas':
      return becomes({
        schemas: metadata.schemas.filter(schema => !update['schema-ids'].includes(schema['schema-id'])),
      });
    case 'add-encryption-key':
    case 'remove-encryption-key':
      throw new IcebergError('unsupported', `${update.action} belongs to format version 3`, {
        update: update.action,
      });
    default:
      return update satisfies never;
  }
}

function idOf(id: number, last: number | undefined, what: string): number {
  if (id !== LAST_ADDED) return id;
  if (last === undefined) throw invalid(`-1 is the ${what} that was just added, but none was`);
  return last;
}

function invalid(message: string, about: Record<string, string | number> = {}): IcebergError {
  return new IcebergError('invalid', message, about);
}

// ── What the table is ───────────────────────────────────────────────────────────────────────────────

/** Readers know a table again by its uuid: it has one for life. */
function assignedUuid({ 'table-uuid': before }: TableMetadata, uuid: string): string {
  if (before === '' || before.toLowerCase() === uuid.toLowerCase()) return before || uuid;
  throw invalid(`the table has uuid ${before}, which cannot become ${uuid}`, { uuid });
}

function upgraded({ 'format-version': before }: TableMetadata, version: number): 1 | 2 {
  if (version > 2)
    throw new IcebergError('unsupported', `format version ${version} is not supported; 1 and 2 are`, {
      format_version: version,
    });
  if (version < before) throw invalid(`format version ${before} cannot become ${version} again`);
  return version === 1 ? 1 : 2;
}

function addSchema(state: State, schema: Schema, given_last: number | undefined): State {
  checkSchema(schema);
  const { metadata } = state;
  // A lower one is no mistake: clients on the Java library (Trino 476) send the highest id of the new schema, which is lower than
  // that of the table when its last column was dropped. It never sinks, or that id would be given to another column.
  const last_column_id = Math.max(metadata['last-column-id'], highestFieldId(schema), given_last ?? 0);
  const same = metadata.schemas.find(each => isSameSchema(each, schema));
  const id =
    same?.['schema-id'] ??
    nextId(
      metadata.schemas.map(each => each['schema-id']),
      0,
    );
  const schemas = same ? metadata.schemas : [...metadata.schemas, { ...schema, 'schema-id': id }];
  return {
    ...state,
    metadata: { ...metadata, schemas, 'last-column-id': last_column_id },
    last: { ...state.last, schema: id },
  };
}

function addSpec(state: State, wanted: Extract<Update, { action: 'add-spec' }>['spec']): State {
  const { metadata } = state;
  const spec = numberSpec(metadata, absent(wanted));
  checkSpec(spec, schemaById(metadata, metadata['current-schema-id']));
  if (metadata['format-version'] === 1) checkSequential(spec);
  const same = metadata['partition-specs'].find(each => isSameSpec(each, spec));
  const last = { ...state.last, spec: same?.['spec-id'] ?? spec['spec-id'] };
  if (same) return { ...state, last };
  const changes = {
    'partition-specs': [...metadata['partition-specs'], spec],
    'last-partition-id': Math.max(
      metadata['last-partition-id'],
      ...spec.fields.map(field => field['field-id']),
    ),
  };
  return { ...state, metadata: { ...metadata, ...changes }, last };
}

/** Order 0 is "in no order", whoever adds it. */
function addOrder(state: State, wanted: Extract<Update, { action: 'add-sort-order' }>['sort-order']): State {
  const { metadata } = state;
  const orders = metadata['sort-orders'];
  const same = orders.find(each => isSameOrder(each, wanted));
  const id =
    wanted.fields.length === 0
      ? 0
      : nextId(
          orders.map(each => each['order-id']),
          1,
        );
  const order: SortOrder = { ...wanted, 'order-id': same?.['order-id'] ?? id };
  checkOrder(order, schemaById(metadata, metadata['current-schema-id']));
  return {
    ...state,
    metadata: same ? metadata : { ...metadata, 'sort-orders': [...orders, order] },
    last: { ...state.last, order: order['order-id'] },
  };
}

// ── Snapshots ───────────────────────────────────────────────────────────────────────────────────────

function addSnapshot(state: State, snapshot: Snapshot): State {
  const { metadata } = state;
  const id = snapshot['snapshot-id'];
  const about = { snapshot: String(id) };
  if (metadata.schemas.length === 0) throw invalid('a table needs a schema before its first snapshot', about);
  if (findSnapshot(metadata, id)) throw invalid(`snapshot ${id} is there already`, about);
  if (snapshot['timestamp-ms'] > state.now_ms + MAX_AHEAD_MS)
    throw invalid(`snapshot ${id} is of more than a day from now: look at the clock of its writer`, about);
  const [number, last] = [snapshot['sequence-number'], metadata['last-sequence-number']];
  // Its writer read the table before another snapshot was added, on whatever branch: on the new state it would get a higher one.
  if (metadata['format-version'] > 1 && number <= last && snapshot['parent-snapshot-id'] !== undefined)
    throw new IcebergError(
      'conflict',
      `snapshot ${id} has sequence number ${number}, and the table is at ${last} already`,
      { ...about, sequence_number: number, last_sequence_number: last },
    );
  // Version 1 knows no sequence numbers: in its files they would be lost.
  const kept = metadata['format-version'] === 1 ? { ...snapshot, 'sequence-number': 0 } : snapshot;
  return {
    ...state,
    metadata: {
      ...metadata,
      snapshots: [...metadata.snapshots, kept],
      'last-sequence-number': Math.max(last, kept['sequence-number']),
    },
    added: new Set([...state.added, id]),
  };
}

function setRef(state: State, name: string, ref: SnapshotRef): State {
  const { metadata, added } = state;
  const snapshot = findSnapshot(metadata, ref['snapshot-id']);
  if (!snapshot)
    throw invalid(`${name} cannot be at snapshot ${ref['snapshot-id']}, which is not there`, { ref: name });
  checkRef(name, ref);
  const refs = { ...metadata.refs, [name]: ref };
  const was_there = refOf(metadata, name)?.['snapshot-id'] === ref['snapshot-id'];
  if (name !== MAIN || was_there) return { ...state, metadata: { ...metadata, refs } };
  // The log must rise, or other readers refuse the table: the clocks of two writers need not agree.
  const wanted = added.has(ref['snapshot-id']) ? snapshot['timestamp-ms'] : state.now_ms;
  const log = metadata['snapshot-log'];
  const entry = {
    'snapshot-id': ref['snapshot-id'],
    'timestamp-ms': Math.max(wanted, log.at(-1)?.['timestamp-ms'] ?? 0),
  };
  return {
    ...state,
    metadata: {
      ...metadata,
      refs,
      'current-snapshot-id': ref['snapshot-id'],
      'snapshot-log': [...log, entry],
    },
  };
}

function checkRef(name: string, ref: SnapshotRef): void {
  if (ref.type === 'branch') return;
  if (name === MAIN) throw invalid('main is a branch and cannot become a tag', { ref: name });
  if (ref['min-snapshots-to-keep'] !== undefined || ref['max-snapshot-age-ms'] !== undefined)
    throw invalid(`tag ${name} is one snapshot: how many to keep and how old is asked of branches`, {
      ref: name,
    });
}

function withoutRef(metadata: TableMetadata, name: string): Partial<TableMetadata> {
  const refs = without(metadata.refs, new Set([name]));
  return name === MAIN ? { refs, 'current-snapshot-id': undefined } : { refs };
}

function withoutSnapshots(metadata: TableMetadata, ids: ReadonlySet<SnapshotId>): Partial<TableMetadata> {
  const keeps = (each: { 'snapshot-id': SnapshotId }) => !ids.has(each['snapshot-id']);
  return {
    snapshots: metadata.snapshots.filter(keeps),
    statistics: metadata.statistics.filter(keeps),
    'partition-statistics': metadata['partition-statistics'].filter(keeps),
  };
}

function replaced<T extends { 'snapshot-id': SnapshotId }>(list: readonly T[], item: T): T[] {
  return [...notOf(list, item['snapshot-id']), item];
}

function notOf<T extends { 'snapshot-id': SnapshotId }>(list: readonly T[], id: SnapshotId): T[] {
  return list.filter(each => each['snapshot-id'] !== id);
}

function without<T>(record: Readonly<Record<string, T>>, keys: ReadonlySet<string>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => !keys.has(key)));
}

// ── After the last update ───────────────────────────────────────────────────────────────────────────

/** Refs to removed snapshots go with them. Not main: that would empty the table by accident. */
function withoutLostRefs(metadata: TableMetadata): TableMetadata {
  const lost = Object.keys(metadata.refs).filter(name => {
    const ref = refOf(metadata, name);
    return ref && !findSnapshot(metadata, ref['snapshot-id']);
  });
  if (lost.length === 0) return metadata;
  if (lost.includes(MAIN))
    throw invalid('the current snapshot cannot be removed: move main to another one before, or remove it', {
      snapshot: String(metadata['current-snapshot-id']),
    });
  return { ...metadata, refs: without(metadata.refs, new Set(lost)) };
}

/**
 * Snapshots that were current only within this commit never were to anybody. And where a snapshot of the log has gone, all before
 * goes too: with a gap, "as of then" would answer with a snapshot that was not current then.
 */
function withTidyLog(
  metadata: TableMetadata,
  base: TableMetadata | undefined,
  added: ReadonlySet<SnapshotId>,
): TableMetadata {
  const log = metadata['snapshot-log'];
  const before = base?.['snapshot-log'].length ?? 0;
  const current = metadata['current-snapshot-id'];
  const lasting = log.filter(
    ({ 'snapshot-id': id }, index) => index < before || id === current || !added.has(id),
  );
  const gap = lasting.findLastIndex(entry => !findSnapshot(metadata, entry['snapshot-id']));
  return { ...metadata, 'snapshot-log': lasting.slice(gap + 1) };
}

/** Never less than before, by whatever clock: other readers refuse a table whose times go back. */
function updatedAt(metadata: TableMetadata, base: TableMetadata | undefined, now_ms: number): number {
  const logged = metadata['snapshot-log'].at(-1)?.['timestamp-ms'] ?? 0;
  return Math.max(base?.['last-updated-ms'] ?? 0, logged, now_ms);
}

function checkWhole(metadata: TableMetadata, base: TableMetadata | undefined): void {
  if (!base) checkCreated(metadata);
  checkMetadata(metadata, 'the table after the updates', 'invalid');
  const schema = schemaById(metadata, metadata['current-schema-id']);
  checkSources(defaultSpec(metadata), schema);
  checkOrderSources(defaultOrder(metadata), schema);
  checkSchemasOfSnapshots(metadata, base);
}

function checkCreated(metadata: TableMetadata): void {
  if (metadata['table-uuid'] === '') throw invalid('a new table needs assign-uuid');
  if (metadata.location === '') throw invalid('a new table needs set-location');
  if (metadata.schemas.length === 0) throw invalid('a new table needs add-schema and set-current-schema');
  if (metadata['partition-specs'].length === 0)
    throw invalid('a new table needs add-spec and set-default-spec');
  if (metadata['format-version'] === 1) throw invalid('a new table has format version 2');
}

/** Time travel reads with the schema of its snapshot. Those that others have removed already are not asked for again. */
function checkSchemasOfSnapshots(metadata: TableMetadata, base: TableMetadata | undefined): void {
  if (metadata.schemas === base?.schemas && metadata.snapshots === base.snapshots) return;
  const ids = new Set(metadata.schemas.map(schema => schema['schema-id']));
  for (const snapshot of metadata.snapshots) {
    const { 'snapshot-id': id, 'schema-id': schema } = snapshot;
    if (schema === undefined || ids.has(schema)) continue;
    const was_lost = base !== undefined && findSnapshot(base, id) && !hasSchema(base, schema);
    if (!was_lost) throw invalid(`snapshot ${id} needs schema ${schema}, which is not there`, { schema });
  }
}

function hasSchema(metadata: TableMetadata, id: number): boolean {
  return metadata.schemas.some(schema => schema['schema-id'] === id);
}
