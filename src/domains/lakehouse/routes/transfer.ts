import { parseFilter } from '../../../base/iceberg/index.ts';
import { fail } from '../../../base/kit/errors.ts';
import { newId } from '../../../base/kit/ids.ts';
import type { lakeRoutes } from '../../../contract/lake.ts';
import type { Call, Handlers } from '../../../contract/route.ts';
import { actorOf } from '../../access/index.ts';
import { fullName } from '../names.ts';
import { toFailure } from '../problems.ts';
import { exportPrefix, uploadKey, uploadPrefix } from '../uploads.ts';
import { contextOf, type LakeRouteParts, loadWhole, write } from './asking.ts';
import { needSnapshot } from './history.ts';
import { start } from './start.ts';

type Routes = Pick<
  typeof lakeRoutes,
  'lake_files.upload' | 'lake_tables.import' | 'lake_tables.export' | 'lake_files.download'
>;

export function transferHandlers(parts: LakeRouteParts): Handlers<Routes> {
  const { storage } = parts;
  return {
    'lake_files.upload': async call => {
      const { workspace_id, query, bytes } = call;
      const { part, upload_id = newId() } = query;
      if (part > 1) await needPart(parts, workspace_id, upload_id, part - 1);
      const key = uploadKey(workspace_id, upload_id, part);
      const { bytes: written } = await storage.put(key, bytes);
      if (written === 0 && part === 1) {
        await storage.delete(key);
        throw fail('lake.upload', { upload: query.name, reason: 'the file is empty' });
      }
      // Of its parts, the first one says it: who sent something, and under which name.
      if (query.upload_id === undefined)
        await write(parts, call, tx =>
          parts.record(tx, actorOf(call), {
            ...{ workspace_id, action: 'upload.created' },
            object: { kind: 'upload', id: upload_id, name: query.name },
          }),
        );
      return { upload_id, part, bytes: written };
    },
    'lake_tables.import': async call => {
      const { workspace_id, body } = call;
      const { namespace, name, upload_ids, format, mode, where, key, partition_by } = body;
      if (where !== undefined) checkWhere(mode, where);
      for (const id of upload_ids) await needPart(parts, workspace_id, id, 1);
      const there = await parts.lake.tables.find(contextOf(call), namespace, name);
      if (there && there.mount !== null) throw fail('lake.read_only', { name, mount: there.mount });
      const source = { kind: 'uploads', upload_ids, format };
      return start(parts, call, {
        title: `Import into ${fullName(namespace.join('.'), name)}`,
        kind: 'table.write',
        input: { namespace, name, source, mode, key, partition_by, ...(where !== undefined && { where }) },
      });
    },
    'lake_tables.export': call => startExport(parts, call),
    'lake_files.download': async ({ workspace_id, params }) => {
      const { run_id } = params;
      const prefix = exportPrefix(workspace_id, run_id);
      const [object] = (await storage.list(prefix, { limit: 1 })).items;
      if (!object) throw fail('object.not_found', { kind: 'export', id: run_id });
      return {
        content_type: 'application/octet-stream',
        file_name: object.key.slice(prefix.length),
        body: await storage.get(object.key),
      };
    },
  };
}

async function needPart(
  { storage }: LakeRouteParts,
  workspace_id: string,
  upload_id: string,
  part: number,
): Promise<void> {
  if ((await storage.size(uploadKey(workspace_id, upload_id, part))) !== undefined) return;
  const nothing =
    (await storage.list(uploadPrefix(workspace_id, upload_id), { limit: 1 })).items.length === 0;
  const reason = nothing ? 'there is none, or it is gone by now' : `its part ${part} is missing`;
  throw fail('lake.upload', { upload: upload_id, reason });
}

async function startExport(parts: LakeRouteParts, call: Call<Routes['lake_tables.export']>) {
  const { params, body } = call;
  const { row, metadata } = await loadWhole(parts, call, params.id);
  if (body.snapshot !== undefined) needSnapshot(row, metadata, body.snapshot);
  if (body.filter !== undefined) checkFilter(body.filter);
  return start(parts, call, {
    title: `Export ${fullName(row.namespace, row.name)}`,
    kind: 'table.export',
    input: { table_id: row.id, ...body },
  });
}

function checkWhere(mode: string, where: string): void {
  if (mode !== 'overwrite')
    throw fail('lake.filter', {
      reason: 'It says what is overwritten: it goes with the mode overwrite only',
    });
  checkFilter(where);
}

function checkFilter(text: string): void {
  try {
    parseFilter(text);
  } catch (error) {
    const failure = toFailure(error);
    throw fail('lake.filter', { reason: failure instanceof Error ? failure.message : String(failure) });
  }
}
