import type { EventFeed } from '../../base/db/index.ts';
import { isIcebergError, parseMetadata, versionOf } from '../../base/iceberg/index.ts';
import type { Parts } from './parts.ts';
import { tablesById } from './store/tables.ts';

// For readers without a catalog (reference/lakehouse-iceberg.md §11): the folder of a table also has its newest metadata as
// `v12.metadata.json`, and `version-hint.text` says 12. A copy, made after the commit: best effort, and repeated until it is made.

/** So many versions back there still is one, for whoever read the hint a moment ago. */
const KEPT = 3;

export interface Mirror {
  /** Waits for what is in hand. */
  close(): Promise<void>;
}

/** Any number of servers may open it: one of them at a time hears of commits, whoever made them. */
export function openMirror(
  parts: Parts,
  events: Pick<EventFeed, 'consume'>,
  failed: (error: unknown) => void,
): Mirror {
  return events.consume(
    'lake mirror',
    async batch => {
      const tables = new Map<string, string>();
      for (const { workspace_id, subject } of batch)
        if (workspace_id !== null) tables.set(subject.slice(subject.indexOf(':') + 1), workspace_id);
      for (const [id, workspace_id] of tables) await mirror(parts, workspace_id, id);
    },
    { types: ['lake.table.changed'], failed },
  );
}

export async function mirror({ read, filesOf }: Parts, workspace_id: string, id: string): Promise<void> {
  const [row] = await read({ workspace_id }, tx => tablesById(tx, workspace_id, [id]));
  const from = row?.metadata_location;
  if (row?.kind !== 'table' || row.mount_id !== null || !from) return;
  const version = versionOf(from);
  if (version === undefined) return;
  const files = filesOf(workspace_id);
  const folder = from.slice(0, from.lastIndexOf('/'));
  try {
    const bytes = await files.read(from);
    await files.write(`${folder}/v${version}.metadata.json`, bytes);
    await files.write(`${folder}/version-hint.text`, Buffer.from(String(version)));
    // A table that was taken in may have had such versions of its own, and its log names them.
    const log = row.zone === 'foreign' ? parseMetadata(bytes, from)['metadata-log'] : [];
    const named = new Set(log.map(entry => entry['metadata-file']));
    for (let old = version - KEPT; old > version - KEPT - 20 && old >= 0; old -= 1) {
      const location = `${folder}/v${old}.metadata.json`;
      if (!named.has(location)) await files.remove(location);
    }
  } catch (error) {
    // A newer commit has let go of it, or it is damaged: the next one mirrors what is there then.
    if (!isIcebergError(error)) throw error;
  }
}
