import { totalmem } from 'node:os';
import type { Store } from '../../../base/db/index.ts';
import type { ResolvedConfig } from '../../../base/kit/config.ts';
import type { System } from '../../../contract/system.ts';

interface Known {
  resolved: ResolvedConfig;
  store: Store;
  disk: () => Promise<{ free_bytes: number; total_bytes: number }>;
  url: string;
  version: string;
  started_at: string;
}

/** What the system page says of this process and its machine, beside the state of the parts. */
export async function describe(known: Known): Promise<Omit<System, 'parts'>> {
  const { resolved, store, disk, url, version, started_at } = known;
  const [{ postgres_version, schema_version, size_bytes }, space] = await Promise.all([
    store.health(),
    disk(),
  ]);
  return {
    instance_id: store.instance_id,
    version,
    node: process.versions.node,
    postgres: postgres_version,
    schema_version,
    platform: `${process.platform}-${process.arch}`,
    started_at,
    url,
    data_folder: resolved.config.data,
    memory: { rss_bytes: process.memoryUsage.rss(), total_bytes: memoryLimit() },
    disk: { ...space, store_bytes: size_bytes },
    config: [...resolved.entries],
  };
}

/** The container's limit where there is one. */
function memoryLimit(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}
