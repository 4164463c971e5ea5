import type { Column, Grant, Policy, Schema, Table } from './read.ts';

/** The whole schema as text, for people: what a migration changes shows as a diff. It is read, never executed. */
export function dumpSchema(schema: Schema): string {
  const parts = [
    '-- Made by scripts/generate-db-types.ts from the migrations. Do not edit.',
    ...schema.functions.map(({ definition }) => definition.trim()),
    ...schema.sequences.map(({ name, type, grants }) =>
      [`create sequence ${name} as ${type};`, ...dumpGrants(name, grants)].join('\n'),
    ),
    ...schema.tables.map(dumpTable),
    dumpGrants('schema public', schema.grants).join('\n'),
  ];
  return `${parts.join('\n\n')}\n`;
}

function dumpTable(table: Table): string {
  const inside = [
    ...table.columns.map(dumpColumn),
    ...table.constraints.map(({ name, definition }) => `constraint ${name} ${definition}`),
  ];
  return [
    `create table ${table.name} (\n  ${inside.join(',\n  ')}\n);`,
    ...table.indexes.map(index => `${index};`),
    ...table.triggers.map(trigger => `${trigger};`),
    `-- row-level security: ${table.row_security}`,
    ...table.policies.map(policy => dumpPolicy(table.name, policy)),
    ...dumpGrants(table.name, table.grants),
  ].join('\n');
}

function dumpColumn(column: Column): string {
  const parts = [column.name, column.type];
  if (column.not_null) parts.push('not null');
  if (column.identity)
    parts.push(`generated ${column.identity === 'a' ? 'always' : 'by default'} as identity`);
  else if (column.generated) parts.push(`generated always as (${column.default}) stored`);
  else if (column.default !== null) parts.push(`default ${column.default}`);
  return parts.join(' ');
}

function dumpPolicy(table: string, policy: Policy): string {
  const using = policy.using === null ? '' : ` using (${policy.using})`;
  const check = policy.check === null ? '' : ` with check (${policy.check})`;
  return `create policy ${policy.name} on ${table} for ${policy.command} to ${policy.roles.join(', ')}${using}${check};`;
}

/** One line a role; columns stand in brackets behind the privilege. */
function dumpGrants(on: string, grants: readonly Grant[]): string[] {
  return [...Map.groupBy(grants, grant => grant.role)].map(([role, list]) => {
    const privileges = [...Map.groupBy(list, grant => grant.privilege)].map(([privilege, of]) => {
      const columns = of.flatMap(grant => (grant.column ? [grant.column] : []));
      return columns.length > 0 ? `${privilege} (${columns.join(', ')})` : privilege;
    });
    return `grant ${privileges.join(', ')} on ${on} to ${role};`;
  });
}
