import type pg from 'pg';

/** The schema as PostgreSQL itself describes it: the golden file and the types are both made from this. */
export interface Schema {
  tables: Table[];
  sequences: { name: string; type: string; grants: Grant[] }[];
  functions: { name: string; definition: string }[];
  /** On the schema itself. */
  grants: Grant[];
}

export interface Table {
  name: string;
  columns: Column[];
  constraints: { name: string; definition: string }[];
  indexes: string[];
  triggers: string[];
  policies: Policy[];
  grants: Grant[];
  row_security: 'off' | 'enabled' | 'forced';
}

export interface Column {
  name: string;
  type: string;
  not_null: boolean;
  default: string | null;
  /** `a`: always, `d`: by default. */
  identity: '' | 'a' | 'd';
  /** `s`: stored. */
  generated: '' | 's' | 'v';
}

export interface Policy {
  name: string;
  command: string;
  roles: string[];
  using: string | null;
  check: string | null;
}

export interface Grant {
  role: string;
  privilege: string;
  /** Absent: the whole table. */
  column?: string;
}

/** Sorted by name throughout (in the C collation), so that equal schemas give equal text on every server. */
export async function readSchema(client: pg.Client): Promise<Schema> {
  const read = async <T>(sql: string) => (await client.query(sql)).rows as T[];
  const tables =
    await read<Omit<Table, 'columns' | 'constraints' | 'indexes' | 'triggers' | 'policies' | 'grants'>>(
      TABLES,
    );
  const columns = await read<Column & { table: string }>(COLUMNS);
  const constraints = await read<{ table: string; name: string; definition: string }>(CONSTRAINTS);
  const indexes = await read<{ table: string; definition: string }>(INDEXES);
  const triggers = await read<{ table: string; definition: string }>(TRIGGERS);
  const policies = await read<Policy & { table: string }>(POLICIES);
  const grants = await read<Grant & { of: string }>(GRANTS);
  const sequences = await read<{ name: string; type: string }>(SEQUENCES);
  const of = <T extends { table: string }>(rows: T[], name: string) =>
    rows.filter(row => row.table === name).map(({ table: _, ...rest }) => rest);
  const grantsOn = (name: string) =>
    grants
      .filter(grant => grant.of === name)
      .map(({ role, privilege, column }) => ({ role, privilege, ...(column ? { column } : {}) }));
  return {
    tables: tables.map(table => ({
      ...table,
      columns: of(columns, table.name),
      constraints: of(constraints, table.name),
      indexes: of(indexes, table.name).map(index => index.definition),
      triggers: of(triggers, table.name).map(trigger => trigger.definition),
      policies: of(policies, table.name),
      grants: grantsOn(table.name),
    })),
    sequences: sequences.map(sequence => ({ ...sequence, grants: grantsOn(sequence.name) })),
    functions: await read(FUNCTIONS),
    grants: grantsOn('schema public'),
  };
}

const OURS = `relnamespace = 'public'::regnamespace`;

const TABLES = `
  select relname "name",
    case when relforcerowsecurity and relrowsecurity then 'forced' when relrowsecurity then 'enabled' else 'off' end
      row_security
  from pg_class where ${OURS} and relkind in ('r', 'p') order by relname collate "C"`;

const COLUMNS = `
  select relname "table", attname "name", format_type(atttypid, atttypmod) "type", attnotnull not_null,
    pg_get_expr(adbin, adrelid) "default", attidentity identity, attgenerated "generated"
  from pg_attribute
    join pg_class on pg_class.oid = attrelid
    left join pg_attrdef on adrelid = attrelid and adnum = attnum
  where ${OURS} and relkind in ('r', 'p') and attnum > 0 and not attisdropped
  order by attnum`;

// PostgreSQL 18 lists "not null" among the constraints; the columns say it already.
const CONSTRAINTS = `
  select relname "table", conname "name", pg_get_constraintdef(pg_constraint.oid) definition
  from pg_constraint join pg_class on pg_class.oid = conrelid
  where ${OURS} and contype <> 'n' order by contype = 'p' desc, conname collate "C"`;

const INDEXES = `
  select relname "table", pg_get_indexdef(indexrelid) definition
  from pg_index join pg_class on pg_class.oid = indrelid
  where ${OURS} and not exists (select from pg_constraint where conindid = indexrelid and contype in ('p', 'u', 'x'))
  order by pg_get_indexdef(indexrelid) collate "C"`;

const TRIGGERS = `
  select relname "table", pg_get_triggerdef(pg_trigger.oid) definition
  from pg_trigger join pg_class on pg_class.oid = tgrelid
  where ${OURS} and not tgisinternal order by tgname collate "C"`;

// The owner's name differs between servers.
const roleName = (oid: string) => `case
    when ${oid} = 0 then 'public'
    when ${oid} = (select relowner from pg_class where ${OURS} and relkind = 'r' limit 1) then 'owner'
    else pg_get_userbyid(${oid}) end`;

const POLICIES = `
  select relname "table", polname "name",
    case polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end
      command,
    array(select ${roleName('role')} from unnest(polroles) role order by 1)::text[] roles,
    pg_get_expr(polqual, polrelid) "using", pg_get_expr(polwithcheck, polrelid) "check"
  from pg_policy join pg_class on pg_class.oid = polrelid
  where ${OURS} order by polname collate "C"`;

const GRANTS = `
  select * from (
    select relname "of", null "column", ${roleName('grantee')} "role", lower(privilege_type) privilege
    from pg_class, aclexplode(relacl) where ${OURS} and grantee <> relowner
    union all
    select relname, attname, ${roleName('grantee')}, lower(privilege_type)
    from pg_attribute join pg_class on pg_class.oid = attrelid, aclexplode(attacl) where ${OURS}
    union all
    select 'schema public', null, pg_get_userbyid(grantee), lower(privilege_type)
    from pg_namespace, aclexplode(nspacl) where oid = 'public'::regnamespace and grantee <> nspowner and grantee <> 0
      and pg_get_userbyid(grantee) like 'moulin\\_%' and not pg_has_role(grantee, nspowner, 'member')
  ) grants
  order by "role" collate "C", privilege collate "C", "column" collate "C"`;

// Sequences of identity columns come and go with their tables.
const SEQUENCES = `
  select relname "name", format_type(seqtypid, null) "type"
  from pg_sequence join pg_class on pg_class.oid = seqrelid
  where ${OURS} and not exists (select from pg_depend where objid = seqrelid and deptype = 'i')
  order by relname collate "C"`;

const FUNCTIONS = `
  select proname "name", pg_get_functiondef(oid) definition
  from pg_proc where pronamespace = 'public'::regnamespace order by proname collate "C"`;
