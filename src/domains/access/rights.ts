import { fail } from '../../base/kit/errors.ts';
import {
  INSTANCE_RIGHTS,
  type InstanceRight,
  ROLES,
  type Role,
  SCOPES,
  type Scope,
} from '../../contract/permissions.ts';
import { isInScope, may, type Principal } from '../../contract/principal.ts';

// One rule under all of these: nobody gives, changes or takes away what they do not hold themselves.

/** An owner touches everybody, an admin everybody but owners. */
export function reaches(own: Role | undefined, role: Role): boolean {
  return own !== undefined && ROLES.indexOf(own) <= ROLES.indexOf(role);
}

export function checkRole(who: Principal, role: Role): void {
  if (!reaches(who.role, role)) throw fail('members.owner_only', { role });
}

export function checkRights(who: Principal, rights: readonly InstanceRight[]): void {
  const beyond = rights.find(right => !may(who, right));
  if (beyond !== undefined) throw fail('rights.beyond_own', { right: beyond });
}

/** A token makes no wider token than itself. */
export function checkScopes(who: Principal, scopes: readonly Scope[]): void {
  const beyond = scopes.find(scope => !isInScope(who, scope));
  if (beyond !== undefined) throw fail('rights.beyond_own', { right: beyond });
}

/** Rights that a later version took out of the table are no rights. */
export function knownRights(stored: readonly string[]): InstanceRight[] {
  return INSTANCE_RIGHTS.filter(right => stored.includes(right));
}

export function knownScopes(stored: readonly string[]): Scope[] {
  return SCOPES.filter(scope => stored.includes(scope));
}

export function requirePerson(who: Principal): void {
  if (who.kind !== 'person') throw fail('account.not_a_person');
}

/** What decides who can sign in as somebody is not for a token to change: a leaked one would make itself at home. */
export function requireSession(who: Principal): string {
  requirePerson(who);
  if (who.session_id === undefined) throw fail('account.session_required');
  return who.session_id;
}
