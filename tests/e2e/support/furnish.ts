import { until } from '../../support/until.ts';
import type { Person, Place } from './people.ts';
import type { Scene } from './scenario.ts';

/** Names as people have them: another script, another direction, and one that nobody can stop from being long. */
export const NAMES = ['Zoé Lefèvre', 'Jonas Müller', 'محمد الأمين', `Léa ${'Wilhelmine '.repeat(45)}`.trim()];

/** A workspace in which everything has something to show. */
export async function furnish(
  scene: Pick<Scene, 'person'>,
  place: Place,
  owner: Person,
  names = NAMES,
): Promise<{
  service_account_id: string;
  member_ids: string[];
  run_id: string;
  schedule_id: string;
  calendar_id: string;
  table_id: string;
}> {
  const { api } = owner;
  const workspace = place.slug;
  const members = await Promise.all(names.map(name => scene.person(place, { role: 'viewer', name })));
  await api['invitations.create']({
    body: { email: 'new.colleague@example.com', role: 'editor' },
    workspace,
  });
  const body = { name: 'nightly-export', role: 'editor' } as const;
  const account = await api['service_accounts.create']({ body, workspace });
  await api['tokens.create']({
    params: { id: account.id },
    body: { name: 'cron on vm-3', scopes: ['members:read', 'audit:read'] },
    workspace,
  });
  await api['my_tokens.create']({ body: { name: 'laptop', workspace, expires_in_days: null } });
  await api['secrets.put']({ params: { name: 'shop-db.password' }, body: { value: 'turning' }, workspace });
  const run_id = await makeRun(owner, workspace);
  const planned = await makeSchedules(owner, workspace);
  const table_id = await makeTable(owner, workspace);
  const member_ids = members.map(member => member.id);
  return { service_account_id: account.id, member_ids, run_id, ...planned, table_id };
}

/** With rows in it, nested fields, a partition, a past. */
async function makeTable({ api }: Person, workspace: string): Promise<string> {
  await api['lake_namespaces.create']({
    body: { levels: ['shop'], description: 'The online shop' },
    workspace,
  });
  const table = await api['lake_tables.create']({
    body: {
      namespace: ['shop'],
      name: 'orders',
      description: 'One line for each order',
      fields: [
        { name: 'id', type: 'BIGINT', required: true, doc: 'The number on the invoice' },
        { name: 'city', type: 'VARCHAR' },
        { name: 'amount', type: 'DECIMAL(10,2)' },
        { name: 'lines', type: 'STRUCT(article VARCHAR, pieces INTEGER)[]' },
      ],
      identifier: ['id'],
      partition_by: [{ field: 'city', transform: 'identity' }],
    },
    workspace,
  });
  for (const rows of [ORDERS.slice(0, 2), ORDERS.slice(2)]) await bringRows(api, workspace, rows);
  return table.id;
}

const ORDERS = [
  { id: 1, city: 'Lyon', amount: 12.5, lines: [{ article: 'flour', pieces: 2 }] },
  { id: 2, city: 'Genève', amount: 99.9, lines: [] },
  { id: 3, city: null, amount: 3, lines: [{ article: 'bran', pieces: 1 }] },
];

export async function bringRows(
  api: Person['api'],
  workspace: string,
  rows: readonly object[],
  name = 'orders',
): Promise<void> {
  const bytes = new Blob([rows.map(row => JSON.stringify(row)).join('\n')]);
  const { upload_id } = await api['lake_files.upload']({
    query: { name: `${name}.ndjson` },
    bytes,
    workspace,
  });
  const { run_id } = await api['lake_tables.import']({
    body: { namespace: ['shop'], name, upload_ids: [upload_id], format: 'ndjson' },
    workspace,
  });
  await until('the rows are in the table', async () => {
    const run = await api['runs.show']({ params: { id: run_id }, workspace });
    if (run.ended_at !== null && run.state !== 'succeeded')
      throw new Error(`the import ${run.state}: ${run.error?.message}`);
    return run.ended_at !== null;
  });
}

/** One that is paused and one of long ago: nothing of them moves while it is looked at. */
async function makeSchedules(
  { api }: Person,
  workspace: string,
): Promise<Record<'schedule_id' | 'calendar_id', string>> {
  const blackouts = [
    { weekday: 7 },
    { yearly: '05-01', note: 'Labour day' },
    { from: '2026-12-24', to: '2026-12-26' },
    { from: '2026-12-31T12:00', to: '2027-01-01T18:00' },
  ];
  const calendar = await api['calendars.create']({ body: { name: 'public-holidays', blackouts }, workspace });
  const tasks = [{ name: 'diagnostic', kind: 'diagnostic' }];
  const plan = { definition: { title: 'orders_to_lake', tasks }, calendar_id: calendar.id };
  const often = { ...plan, name: 'price_lists', cron: '30 6 * * 1-5', enabled: false };
  const once = { ...plan, name: 'first_load', once_at: '2020-01-01T00:00:00Z' };
  const { id } = await api['schedules.create']({ body: often, workspace });
  await api['schedules.create']({ body: once, workspace });
  return { schedule_id: id, calendar_id: calendar.id };
}

/** A run that waits, so that every look at it sees the same. */
async function makeRun({ api }: Person, workspace: string): Promise<string> {
  const task = (name: string, after: string[] = []) => ({
    name,
    kind: 'diagnostic',
    after,
    delay_seconds: 3600,
  });
  const tasks = [
    task('extract_orders'),
    task('extract_stock'),
    task('merge', ['extract_orders', 'extract_stock']),
  ];
  const run = await api['runs.create']({ body: { title: 'orders_to_lake', tasks }, workspace });
  return run.id;
}
