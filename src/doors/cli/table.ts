import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { type Command, Option } from 'commander';
import { fail } from '../../base/kit/errors.ts';
import type { Client } from '../../contract/client.ts';
import type { LakeFile, LakeSnapshot } from '../../contract/lake.ts';
import { UPLOAD_PART_BYTES } from '../../contract/lake-words.ts';
import { addClient, addNoun, type ClientOptions, type Context, confirm, connected } from './command.ts';
import { given, limitOption, needSome, showList } from './lists.ts';
import { type Column, shortSize, shortTime } from './present.ts';
import {
  columns,
  details,
  ended,
  find,
  nameOf,
  partitionOf,
  showRun,
  type WaitOptions,
  withWait,
} from './table-parts.ts';
import { registerRefs, registerSchema } from './table-schema.ts';

const snapshots: readonly Column<LakeSnapshot>[] = [
  ['snapshot', ({ snapshot_id, current }) => `${snapshot_id}${current ? ' *' : ''}`],
  ['when', ({ at }) => shortTime(at)],
  ['what', ({ operation }) => operation],
  ['rows', ({ added_rows, deleted_rows }) => `+${added_rows ?? 0} -${deleted_rows ?? 0}`],
  ['files', ({ added_files, deleted_files }) => `+${added_files ?? 0} -${deleted_files ?? 0}`],
  ['total', ({ total_rows }) => total_rows],
  ['who', ({ actor }) => actor],
  ['names', ({ refs }) => refs.map(({ name }) => name)],
];

const files: readonly Column<LakeFile>[] = [
  ['file', ({ path }) => path],
  ['content', ({ content }) => content],
  ['partition', ({ partition }) => partition],
  ['rows', ({ rows }) => rows],
  ['size', ({ bytes }) => shortSize(bytes)],
];

const FORMATS = ['csv', 'ndjson', 'json', 'parquet'] as const;
const MODES = ['append', 'replace', 'overwrite', 'merge'] as const;

export function register(program: Command, context: Context): void {
  const noun = addNoun(program, 'table', 'Tables of the lake');
  registerReading(noun, context);
  registerChanging(noun, context);
  registerSchema(noun, context);
  registerRefs(noun, context);
  registerCare(noun, context);
  registerFiles(noun, context);
}

function registerReading(noun: Command, context: Context): void {
  addClient(noun, 'list', 'Tables and views')
    .option('--namespace <name>', 'only of this namespace')
    .option('--text <words>', 'only with these words in their names')
    .addOption(limitOption())
    .action(
      connected<ClientOptions & { limit: number; namespace?: string; text?: string }>(
        context,
        async ({ client, options: { limit, namespace, text }, answer }) => {
          const filter = given({ namespace, text });
          const page = (query: object) => client['lake_tables.list']({ query: { ...query, ...filter } });
          await showList(answer, limit, page, columns);
        },
      ),
    );
  addClient(noun, 'show <table>', 'One table: fields, partitions, where it is').action(
    connected<ClientOptions>(context, async ({ client, answer }, name = '') => {
      await answer.object(await find(client, name), details);
    }),
  );
  addClient(noun, 'history <table>', 'Its snapshots, newest first')
    .addOption(limitOption())
    .action(
      connected<ClientOptions & { limit: number }>(
        context,
        async ({ client, options, answer }, name = '') => {
          const { id } = await find(client, name);
          const page = (query: object) => client['lake_tables.snapshots']({ params: { id }, query });
          await showList(answer, options.limit, page, snapshots);
        },
      ),
    );
  addClient(noun, 'files <table>', 'Files of a snapshot')
    .option('--snapshot <id>', 'of this one (the current one, unless said)')
    .addOption(limitOption())
    .action(
      connected<ClientOptions & { limit: number; snapshot?: string }>(
        context,
        async ({ client, options: { limit, snapshot }, answer }, name = '') => {
          const { id } = await find(client, name);
          const page = (query: object) =>
            client['lake_tables.files']({ params: { id }, query: { ...query, ...given({ snapshot }) } });
          await showList(answer, limit, page, files);
        },
      ),
    );
}

function registerChanging(noun: Command, context: Context): void {
  addClient(noun, 'add <table>', 'Make an empty table, such as shop.orders')
    .requiredOption(
      '--field <name:type...>',
      'its fields, such as id:bigint! "price:decimal(10,2)"; ! never empty',
    )
    .option('--partition <field...>', 'divide it by these, such as day(ordered_at)')
    .option('--identifier <field...>', 'what makes a row the same row')
    .action(
      connected<ClientOptions & { field: string[]; partition?: string[]; identifier?: string[] }, [string]>(
        context,
        async ({ client, options, answer }, name) => {
          const body = {
            ...placeOf(name),
            fields: options.field.map(fieldOf),
            partition_by: (options.partition ?? []).map(partitionOf),
            identifier: options.identifier ?? [],
          };
          await answer.object(await client['lake_tables.create']({ body }), details);
        },
      ),
    );
  addClient(noun, 'edit <table>', 'Rename, move or describe it; its files stay where they are')
    .option('--name <table>', 'new name, such as shop.orders')
    .option('--description <text>', 'what it holds')
    .action(
      connected<ClientOptions & { name?: string; description?: string }>(
        context,
        async ({ client, options: { name: wanted, description }, answer }, name = '') => {
          const body = given({ ...(wanted === undefined ? {} : placeOf(wanted)), description });
          needSome({ wanted, description }, '--name or --description');
          const { id, version } = await find(client, name);
          await answer.object(await client['lake_tables.edit']({ params: { id }, version, body }), details);
        },
      ),
    );
  addClient(noun, 'delete <table>', 'Drop it; its files go when the policy says')
    .option('--purge', 'delete its files now')
    .option('--yes', 'do not ask')
    .action(
      connected<ClientOptions & { yes?: boolean; purge?: boolean }>(
        context,
        async ({ client, options, answer }, name = '') => {
          const table = await find(client, name);
          await confirm(context, options.yes, `Drop the table "${nameOf(table)}"?`);
          const query = options.purge ? { purge: 'true' } : {};
          await client['lake_tables.delete']({ params: { id: table.id }, query });
          await answer.object({ name: nameOf(table), deleted: true }, [
            ['name', one => one.name],
            ['deleted', one => one.deleted],
          ]);
        },
      ),
    );
  addClient(noun, 'rollback <table> <snapshot>', 'Make a former snapshot the current one')
    .option('--dry-run', 'only say what would be different')
    .option('--yes', 'do not ask')
    .action(
      connected<ClientOptions & { dryRun?: boolean; yes?: boolean }, [string, string]>(
        context,
        async ({ client, options: { dryRun: dry_run = false, yes }, answer }, name, snapshot_id) => {
          const table = await find(client, name);
          if (!dry_run) await confirm(context, yes, `Bring "${nameOf(table)}" back to ${snapshot_id}?`);
          const argument = { params: { id: table.id }, body: { snapshot_id, dry_run } };
          await answer.object(await client['lake_tables.rollback'](argument), [
            ['rows', ({ rows_added, rows_removed }) => `+${rows_added} -${rows_removed}`],
            ['files', ({ files_added, files_removed }) => `+${files_added} -${files_removed}`],
            ['schema', ({ schema_changes }) => schema_changes],
          ]);
        },
      ),
    );
  addClient(
    noun,
    'register <table> <location>',
    'Take in a table that is there: its metadata file or its folder',
  ).action(
    connected<ClientOptions, [string, string]>(context, async ({ client, answer }, name, location) => {
      const body = { ...placeOf(name), location };
      await answer.object(await client['lake_tables.register']({ body }), details);
    }),
  );
}

const CARE = [
  ['expire', 'expire', 'Forget old snapshots, as the policy says'],
  ['compact', 'compact', 'Put small files together, and apply deletes'],
  ['clean', 'orphans', 'Delete files that nothing refers to'],
  ['tidy', 'manifests', 'Write its manifests anew'],
] as const;

function registerCare(noun: Command, context: Context): void {
  for (const [verb, kind, summary] of CARE)
    withWait(addClient(noun, `${verb} <table>`, summary)).action(
      connected<ClientOptions & WaitOptions>(context, async ({ client, options, answer }, name = '') => {
        const { id } = await find(client, name);
        const { run_id } = await client['lake_tables.maintain']({ params: { id }, body: { kinds: [kind] } });
        await showRun(client, answer, run_id, options);
      }),
    );
}

interface ImportOptions extends ClientOptions, WaitOptions {
  as?: (typeof FORMATS)[number];
  mode: (typeof MODES)[number];
  where?: string;
  key?: string[];
  partition?: string[];
}

interface ExportOptions extends ClientOptions {
  as: 'csv' | 'ndjson' | 'parquet';
  snapshot?: string;
  where?: string;
}

function registerFiles(noun: Command, context: Context): void {
  withWait(addClient(noun, 'import <table> <file...>', 'Write files into it; it is made where there is none'))
    .addOption(
      new Option('--as <format>', 'what the files are (by their names, unless said)').choices(FORMATS),
    )
    .addOption(
      new Option('--mode <mode>', 'what happens to rows that are there').choices(MODES).default('append'),
    )
    .option(
      '--where <filter>',
      'for overwrite: rows like this go; without it, all of the partitions that the new ones belong to',
    )
    .option('--key <field...>', 'for merge: what makes two rows the same')
    .option('--partition <field...>', 'of a new table: divide it by these, such as day(ordered_at)')
    .action(
      connected<ImportOptions>(context, async ({ client, options, answer }, name = '', ...paths) => {
        const list = paths.flat().filter(path => path !== undefined);
        const upload_ids: string[] = [];
        for (const path of list) upload_ids.push(await upload(client, path));
        const body = {
          ...placeOf(name),
          upload_ids,
          format: options.as ?? formatOf(list[0] ?? ''),
          mode: options.mode,
          key: options.key ?? [],
          ...given({ where: options.where }),
          partition_by: (options.partition ?? []).map(partitionOf),
        };
        const { run_id } = await client['lake_tables.import']({ body });
        await showRun(client, answer, run_id, options);
      }),
    );
  addClient(noun, 'export <table>', 'Write it into one file (--output FILE)')
    .addOption(
      new Option('--as <format>', 'what to write').choices(['csv', 'ndjson', 'parquet']).default('csv'),
    )
    .option('--snapshot <id>', 'as of this one')
    .option('--where <filter>', 'only rows like amount > 100')
    .action(
      connected<ExportOptions>(context, async ({ client, options, answer }, name = '') => {
        const { id } = await find(client, name);
        const body = { format: options.as, ...given({ snapshot: options.snapshot, filter: options.where }) };
        const { run_id } = await client['lake_tables.export']({ params: { id }, body });
        await ended(client, run_id);
        const { body: bytes } = await client['lake_files.download']({ params: { run_id } });
        await answer.bytes(bytes);
      }),
    );
}

// ── What is typed ───────────────────────────────────────────────────────────────────────────────────

/** `shop.orders`, `shop.eu.orders`; what has dots of its own is found by its id. */
function placeOf(text: string): { namespace: string[]; name: string } {
  const levels = text.split('.');
  const name = levels.pop() ?? '';
  if (levels.length === 0 || [...levels, name].includes(''))
    throw fail('cli.usage', { reason: `"${text}" is no name such as shop.orders` });
  return { namespace: levels, name };
}

function fieldOf(text: string): { name: string; type: string; required: boolean } {
  const [, name, type, mark] = /^([^:]+):(.+?)(!?)$/.exec(text) ?? [];
  if (name === undefined || type === undefined)
    throw fail('cli.usage', { reason: `"${text}" is no field such as id:bigint` });
  return { name, type, required: mark === '!' };
}

function formatOf(path: string): (typeof FORMATS)[number] {
  const ending = /\.(csv|tsv|json|ndjson|jsonl|parquet)(\.(gz|zst))?$/i.exec(path)?.[1]?.toLowerCase();
  if (ending === undefined) throw fail('cli.usage', { reason: `say with --as what ${path} is` });
  if (ending === 'json' || ending === 'parquet') return ending;
  return ending === 'csv' || ending === 'tsv' ? 'csv' : 'ndjson';
}

// ── Files on their way ──────────────────────────────────────────────────────────────────────────────

async function upload(client: Client, path: string): Promise<string> {
  const { size } = await stat(path).catch(error => {
    throw fail('cli.usage', { reason: `${path} cannot be read: ${error.message}` }, { cause: error });
  });
  let upload_id: string | undefined;
  // An empty file is one empty part.
  for (let part = 1, from = 0; part === 1 || from < size; part += 1, from += UPLOAD_PART_BYTES) {
    const bytes = await readPart(path, from);
    const query = { name: basename(path), part, ...given({ upload_id }) };
    upload_id = (await client['lake_files.upload']({ query, bytes })).upload_id;
  }
  return upload_id ?? '';
}

async function readPart(path: string, start: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Buffer[] = [];
  for await (const chunk of createReadStream(path, { start, end: start + UPLOAD_PART_BYTES - 1 }))
    chunks.push(chunk);
  return Uint8Array.from(Buffer.concat(chunks));
}
