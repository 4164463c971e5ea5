import {
  INSTANCE_RIGHTS,
  type Permission,
  ROLES,
  roleHolds,
  workspacePermissions,
} from '../../src/contract/permissions.ts';
import { routeEntries } from '../../src/contract/routes.ts';
import { code, page, table } from './markdown.ts';

const INTRODUCTION = `A route names the permission that it needs. A role in a workspace holds permissions; a token narrows them
to its scopes, and never adds one. Every cell of the first table is tested against every route.

A scope of a token is the name of a permission, or \`*\` for all that its owner may do in the token's workspace.`;

export function permissionsPage(): string {
  return page('Permissions', INTRODUCTION, [`## Roles\n\n${roles()}`, instanceRights(), everybody()]);
}

function roles(): string {
  const rows = workspacePermissions.map(permission => [
    code(permission),
    ...ROLES.map(role => (roleHolds(role, permission) ? 'yes' : '–')),
    routesOf(permission),
  ]);
  return table(['Permission', ...ROLES, 'Routes'], rows);
}

function instanceRights(): string {
  const rows = INSTANCE_RIGHTS.map(right => [code(right), routesOf(right)]);
  return [
    '## Rights over the installation',
    'These belong to no role. They are given to people one by one (the first admin has all of them), or to a service account by `moulin token create --instance`.',
    table(['Right', 'Routes'], rows),
  ].join('\n\n');
}

function everybody(): string {
  return [
    '## Without a permission',
    `**Signed in**, about oneself only: ${routesOf('signed_in')}.`,
    `**Public**: ${routesOf('public')}.`,
  ].join('\n\n');
}

function routesOf(permission: Permission): string {
  const names = routeEntries
    .filter(([, route]) => route.permission === permission)
    .map(([name]) => code(name));
  return names.length > 0 ? names.join(', ') : 'none yet';
}
