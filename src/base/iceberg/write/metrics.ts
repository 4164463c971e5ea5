import type { Schema, SortOrder, TableMetadata } from '../model.ts';
import { lowerBound, upperBound } from '../values/index.ts';
import { type Leaf, leavesOf } from './leaves.ts';
import type { WrittenFile } from './statistics.ts';

// Statistics of columns as manifests carry them, as much of them as the table asks for.

export type MetricsMode = 'none' | 'counts' | 'bounds';

export interface Metrics {
  column_sizes: Map<number, number>;
  value_counts: Map<number, number>;
  null_value_counts: Map<number, number>;
  nan_value_counts: Map<number, number>;
  lower_bounds: Map<number, Buffer>;
  upper_bounds: Map<number, Buffer>;
}

/** Of a table with thousands of columns, a line of a manifest would otherwise be larger than many a data file. */
const MOST_INFERRED = 100;

/** By field id. `write.metadata.metrics.*`, as other engines read them; `full` and any length mean our 16 characters. */
export function metricsModes(
  metadata: Pick<TableMetadata, 'properties'>,
  schema: Schema,
  order?: SortOrder,
): ReadonlyMap<number, MetricsMode> {
  const { properties } = metadata;
  const said = properties['write.metadata.metrics.default'];
  const limit = Number(properties['write.metadata.metrics.max-inferred-column-defaults'] ?? MOST_INFERRED);
  const sorted = new Set(order?.fields.map(field => field['source-id']));
  const modes = new Map<number, MetricsMode>();
  for (const leaf of leavesOf(schema).values()) {
    const beyond = said === undefined && modes.size >= limit;
    const own = properties[`write.metadata.metrics.column.${leaf.path.join('.')}`];
    const usual = beyond && !sorted.has(leaf.id) ? 'none' : modeOf(said);
    modes.set(leaf.id, own === undefined ? usual : modeOf(own));
  }
  return modes;
}

function modeOf(text: string | undefined): MetricsMode {
  const mode = text?.toLowerCase();
  return mode === 'none' || mode === 'counts' ? mode : 'bounds';
}

/** `nan_counts` by field id, of the columns where there are some. */
export function metricsOf(
  file: WrittenFile,
  schema: Schema,
  modes: ReadonlyMap<number, MetricsMode>,
  nan_counts: ReadonlyMap<number, number>,
): Metrics {
  const metrics: Metrics = {
    column_sizes: new Map(),
    value_counts: new Map(),
    null_value_counts: new Map(),
    nan_value_counts: new Map(),
    lower_bounds: new Map(),
    upper_bounds: new Map(),
  };
  for (const [key, leaf] of leavesOf(schema)) {
    const column = file.columns.get(key);
    const mode = modes.get(leaf.id) ?? 'bounds';
    if (!column || mode === 'none') continue;
    metrics.column_sizes.set(leaf.id, column.bytes);
    metrics.value_counts.set(leaf.id, column.values);
    metrics.null_value_counts.set(leaf.id, column.nulls);
    if (isFloat(leaf)) metrics.nan_value_counts.set(leaf.id, nan_counts.get(leaf.id) ?? 0);
    // Inside a list or map the smallest and largest element say nothing that a filter could use.
    if (mode === 'counts' || leaf.repeated) continue;
    addBound(metrics.lower_bounds, leaf, column.min, lowerBound);
    addBound(metrics.upper_bounds, leaf, column.max, upperBound);
  }
  return metrics;
}

function addBound(
  bounds: Map<number, Buffer>,
  leaf: Leaf,
  text: string | undefined,
  encode: typeof lowerBound,
): void {
  const bound = text === undefined ? undefined : encode(leaf.type, text);
  if (bound !== undefined) bounds.set(leaf.id, bound);
}

export function isFloat(leaf: Leaf): boolean {
  return leaf.type === 'float' || leaf.type === 'double';
}
