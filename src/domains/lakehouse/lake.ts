import type {
  Files,
  ManifestReader,
  NewOrder,
  NewSpec,
  Pointer,
  Requirement,
  Schema,
  TableMetadata,
  Update,
  ViewMetadata,
} from '../../base/iceberg/index.ts';
import type { LakePolicy } from '../../contract/lake.ts';
import type { LAKE_ZONES } from '../../contract/lake-words.ts';
import type { Actor } from '../access/index.ts';
import type { Moment } from './moments.ts';

// What others see of the lake: the REST catalog, the pages' routes, and the tasks that write.

/** Who asks, about which workspace, and by which way: every commit keeps it. */
export interface LakeContext {
  workspace_id: string;
  actor: Actor;
  via: Via;
  /** Of a task. */
  run_id?: string;
  task_id?: string;
  attempt?: number;
}
export type Via = 'task' | 'rest' | 'api' | 'maintenance' | 'rollback';

export interface Namespace {
  id: string;
  levels: string[];
  path: string;
  description: string;
  properties: Record<string, string>;
  mount_id: string | null;
  /** The name of the catalog that it is shown from. */
  mount: string | null;
  version: number;
  created_at: string;
  updated_at: string;
}

export type Zone = (typeof LAKE_ZONES)[number];

/** A table or view as the catalog knows it: enough for lists, nothing of its schema. */
export interface LakeRow {
  id: string;
  workspace_id: string;
  kind: 'table' | 'view';
  namespace_id: string;
  namespace: string;
  levels: string[];
  name: string;
  zone: Zone;
  mount_id: string | null;
  mount: string | null;
  /** Without a slash at its end. */
  location: string;
  /** Where else its files are: of a table that others made. */
  places: string[];
  table_uuid: string | null;
  metadata_location: string | null;
  description: string;
  format_version: number | null;
  snapshot_id: string | null;
  committed_at: string | null;
  rows: number | null;
  bytes: number | null;
  files: number | null;
  delete_files: number | null;
  snapshots: number;
  metadata_bytes: number | null;
  columns: number | null;
  partitioned_by: string[];
  health: unknown;
  health_at: string | null;
  policy: Partial<LakePolicy>;
  error: { code: string; message: string } | null;
  version: number;
  created_at: string;
  updated_at: string;
}

/** Of a table, all that decides which files are its own. */
export type Owner = Pick<LakeRow, 'workspace_id' | 'location' | 'places' | 'mount_id'>;

export interface NewTable {
  namespace: readonly string[];
  name: string;
  description?: string;
  zone?: 'raw' | 'curated';
  schema: Schema;
  spec?: NewSpec;
  order?: NewOrder;
  properties?: Readonly<Record<string, string>>;
  /**
   * Of a table that another engine makes, and only below the location of the namespace; absent: a place of our own, which no
   * later name changes.
   */
  location?: string;
  /** Known before there is a table: a staged one, or one whose first files are written already. */
  id?: string;
}

export interface Loaded {
  row: LakeRow;
  metadata: TableMetadata;
  metadata_location: string;
}
export interface LoadedView {
  row: LakeRow;
  metadata: ViewMetadata;
  metadata_location: string;
}

/** One table in a commit; several go in together or not at all. */
export interface TableChange {
  table: string | NewPlace;
  requirements: readonly Requirement[];
  updates: readonly Update[];
  /** Files that no snapshot refers to once this is committed: they go when nobody reads them any more. */
  forgotten?: readonly string[];
  /** What it is called in the list of commits; absent: what the snapshot says. */
  operation?: string;
}

/** A table that a commit makes: the end of a staged creation. */
export interface NewPlace {
  namespace: readonly string[];
  name: string;
  create: true;
}

export interface Committed extends Loaded {
  /** The very same commit was there already: its answer had been lost. */
  replayed: boolean;
}

/** What a principal may see of a table. `policed`: a part of its rows, so that nobody may hand them its files. */
export type Sight = 'all' | 'policed' | 'none';

export interface Lake {
  namespaces: {
    list(context: LakeContext): Promise<Namespace[]>;
    /** By its levels, whatever their case; undefined where there is none. */
    find(context: LakeContext, levels: readonly string[]): Promise<Namespace | undefined>;
    get(context: LakeContext, id: string): Promise<Namespace | undefined>;
    create(context: LakeContext, fresh: NewNamespace): Promise<Namespace>;
    edit(context: LakeContext, id: string, change: NamespaceChange): Promise<Namespace>;
    delete(context: LakeContext, id: string): Promise<void>;
    /** For tables that other engines make; computed, never kept. */
    location(namespace: Pick<Namespace, 'id'>, workspace_id: string): string;
  };
  tables: {
    /** A table or view by its name, whatever its case. */
    find(context: LakeContext, levels: readonly string[], name: string): Promise<LakeRow | undefined>;
    /** `shop.orders`, as people write it. */
    named(context: LakeContext, text: string): Promise<LakeRow | undefined>;
    get(context: LakeContext, id: string): Promise<LakeRow | undefined>;
    /** Of one namespace, by name. */
    list(context: LakeContext, namespace_id: string, kind: 'table' | 'view'): Promise<LakeRow[]>;
    create(context: LakeContext, fresh: NewTable): Promise<Loaded>;
    /** What `create` would make, without making it: a staged creation is committed later, by `commit` with `create`. */
    draft(context: LakeContext, fresh: NewTable): Promise<{ id: string; metadata: TableMetadata }>;
    /** A table that is there already, by its newest metadata file or the folder that it is in. */
    register(
      context: LakeContext,
      where: { namespace: readonly string[]; name: string; location: string; overwrite?: boolean },
    ): Promise<Loaded>;
    /** Its files stay where they are. */
    rename(
      context: LakeContext,
      id: string,
      to: { namespace: readonly string[]; name: string },
    ): Promise<LakeRow>;
    /** `purge`: its files go at once, not only when the policy says. Of a table that was registered they never go. */
    drop(context: LakeContext, id: string, options?: { purge?: boolean }): Promise<void>;
    load(context: LakeContext, id: string): Promise<Loaded>;
    loadView(context: LakeContext, id: string): Promise<LoadedView>;
  };
  views: {
    create(
      context: LakeContext,
      fresh: {
        namespace: readonly string[];
        name: string;
        location?: string;
        make(location: string): ViewMetadata;
      },
    ): Promise<LoadedView>;
    /** `change` is asked again where another was faster. */
    replace(
      context: LakeContext,
      id: string,
      change: (current: ViewMetadata) => ViewMetadata,
    ): Promise<LoadedView>;
  };
  /** Everything in it becomes true at once. The order of the answers is that of the changes. */
  commit(context: LakeContext, changes: readonly TableChange[]): Promise<Committed[]>;
  /** For base/iceberg's `commitWithRetry`. */
  pointerOf(
    context: LakeContext,
    table_id: string,
    more?: { operation?: string; forgotten?: readonly string[] },
  ): Pointer;
  /** Reads with the promise that no file goes meanwhile, however long it takes. */
  read<T>(context: LakeContext, table_id: string, work: (loaded: Loaded) => Promise<T>): Promise<T>;
  /** The seam for policies. */
  access(
    principal: { kind: string; id: string | null },
    table: Pick<LakeRow, 'id' | 'workspace_id'>,
  ): Promise<Sight>;
  filesOf(workspace_id: string): Files;
  /** What the table is made of; refuses, by name, files that are not its own. */
  manifestsOf(owner: Owner): ManifestReader;
  /** Where this lake is now: `file:///…` or `s3://…`, without a slash at its end. */
  root: string;
  /** For tests of what happens when the process ends in between; nothing in operation. */
  reached(moment: Moment): void | Promise<void>;
}

export interface NewNamespace {
  levels: readonly string[];
  description?: string;
  properties?: Readonly<Record<string, string>>;
}
export interface NamespaceChange {
  description?: string;
  properties?: Readonly<Record<string, string>>;
  /** The version that the caller saw; absent: whatever it is. */
  version?: number;
}
