import type { Command } from 'commander';
import { fail } from '../../base/kit/errors.ts';
import type { LakeSchemaChange, LakeTableDetail } from '../../contract/lake.ts';
import { addClient, addNoun, type ClientOptions, type Context, connected } from './command.ts';
import { given } from './lists.ts';
import type { Column } from './present.ts';
import { details, find, partitionOf, showRun, type WaitOptions, withWait } from './table-parts.ts';

// `moulin table evolve | partition | branch | tag`: what a table is like, and what its snapshots are called.

interface EvolveOptions extends ClientOptions, WaitOptions {
  add?: string[];
  drop?: string[];
  rename?: string[];
  widen?: string[];
  optional?: string[];
  dryRun?: boolean;
}

export function registerSchema(noun: Command, context: Context): void {
  withWait(addClient(noun, 'evolve <table>', 'Change its schema; what would lose data is refused by name'))
    .option('--add <name:type...>', 'new fields, such as note:varchar or address.zip:varchar')
    .option('--drop <field...>', 'fields that go')
    .option('--rename <field:name...>', 'such as price:amount or address.city:town')
    .option('--widen <field:type...>', 'such as id:bigint or "price:decimal(18,2)"')
    .option('--optional <field...>', 'fields that may be empty from now on')
    .option('--dry-run', 'only say what would change, and whether files are written anew for it')
    .action(
      connected<EvolveOptions>(context, async ({ client, options, answer }, name = '') => {
        const changes = changesIn(options);
        if (changes.length === 0)
          throw fail('cli.usage', { reason: 'say what is to change: --add, --drop, --rename …' });
        const { id } = await find(client, name);
        const params = { id };
        const effect = await client['lake_tables.evolve']({ params, body: { changes, dry_run: true } });
        const rewrites = effect.rewrites.length > 0;
        if (options.dryRun || !rewrites) {
          if (!options.dryRun) await client['lake_tables.evolve']({ params, body: { changes } });
          return answer.object(effect, [
            ['changes', one => one.changes],
            ['files written anew', one => one.rewrites],
          ]);
        }
        // What takes long is a run.
        const { run_id } = await client['lake_tables.rewrite']({ params, body: { changes } });
        await showRun(client, answer, run_id, options);
      }),
    );
  addClient(
    noun,
    'partition <table> [field...]',
    'Divide its rows otherwise from now on; by nothing where none is named',
  ).action(
    connected<ClientOptions>(context, async ({ client, answer }, name = '', ...fields) => {
      const { id } = await find(client, name);
      const wanted = fields.flat().filter(field => field !== undefined);
      const body = { partition_by: wanted.map(partitionOf) };
      await answer.object(await client['lake_tables.partition']({ params: { id }, body }), details);
    }),
  );
}

function changesIn({ add = [], drop = [], rename = [], widen = [], optional = [] }: EvolveOptions) {
  const changes: LakeSchemaChange[] = [];
  for (const [path, type] of add.map(pair)) changes.push({ change: 'add', path, type });
  for (const path of drop) changes.push({ change: 'drop', path });
  for (const [path, name] of rename.map(pair)) changes.push({ change: 'rename', path, name });
  for (const [path, type] of widen.map(pair)) changes.push({ change: 'widen', path, type });
  for (const path of optional) changes.push({ change: 'optional', path });
  return changes;
}

/** `price:amount`. */
function pair(text: string): [string, string] {
  const [, before, after] = /^([^:]+):(.+)$/.exec(text) ?? [];
  if (before === undefined || after === undefined)
    throw fail('cli.usage', { reason: `"${text}" is not two words with a colon between them` });
  return [before, after];
}

type Ref = LakeTableDetail['refs'][number];

const refs: readonly Column<Ref>[] = [
  ['name', ({ name }) => name],
  ['snapshot', ({ snapshot_id }) => snapshot_id],
];

/** Branches go on living, tags stay where they are: the same words for both. */
export function registerRefs(table: Command, context: Context): void {
  for (const [type, summary] of [
    ['branch', 'Branches of a table'],
    ['tag', 'Tags of a table'],
  ] as const) {
    const noun = addNoun(table, type, summary, type === 'branch' ? 'branches' : 'tags');
    addClient(noun, 'list <table>', `Its ${type === 'branch' ? 'branches' : 'tags'}`).action(
      connected<ClientOptions>(context, async ({ client, answer }, name = '') => {
        const found = (await find(client, name)).refs.filter(ref => ref.type === type);
        await answer.list(found, refs);
      }),
    );
    addClient(noun, 'add <table> <name>', `Make or move a ${type}`)
      .option('--snapshot <id>', 'at this one (the current one, unless said)')
      .option('--days <number>', 'it may be forgotten after so many')
      .action(
        connected<ClientOptions & { snapshot?: string; days?: string }, [string, string]>(
          context,
          async ({ client, options, answer }, name, ref) => {
            const { id, snapshot_id } = await find(client, name);
            const at = options.snapshot ?? snapshot_id;
            if (at === null)
              throw fail('cli.usage', { reason: `${name} is empty: it has no snapshot to name` });
            const max_age_days = options.days === undefined ? undefined : Number(options.days);
            const body = { type, snapshot_id: at, ...given({ max_age_days }) };
            await client['lake_tables.ref_put']({ params: { id, ref }, body });
            await answer.object({ name: ref, type, snapshot_id: at }, refs);
          },
        ),
      );
    addClient(noun, 'delete <table> <name>', `Forget a ${type}`).action(
      connected<ClientOptions, [string, string]>(context, async ({ client, answer }, name, ref) => {
        const { id, refs: there } = await find(client, name);
        if (!there.some(each => each.name === ref && each.type === type))
          throw fail('lake.ref', { ref, reason: `there is no ${type} of that name` });
        await client['lake_tables.ref_delete']({ params: { id, ref } });
        await answer.object({ name: ref, deleted: true }, [
          ['name', one => one.name],
          ['deleted', one => one.deleted],
        ]);
      }),
    );
  }
}
