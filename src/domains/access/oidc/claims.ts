import { z } from 'zod';
import type { Config, GroupRole } from '../../../contract/config.ts';
import { ROLES, type Role } from '../../../contract/permissions.ts';

export interface Person {
  issuer: string;
  /** Together with the issuer the identity; an e-mail address is only how people call it. */
  subject: string;
  email: string;
  name: string;
  groups: string[];
}

type Raw = Readonly<Record<string, unknown>>;

const text = z.string().min(1);

/** What the provider says of a person, or in words why it is not enough. */
export function readClaims(
  raw: Raw,
  { issuer, groups_claim }: { issuer: string; groups_claim: string },
): Person | { lacks: string } {
  const subject = text.max(255).safeParse(raw.sub);
  if (!subject.success) return { lacks: 'the provider names no subject' };
  const email = z.email().max(320).safeParse(raw.email);
  if (!email.success) return { lacks: 'the provider gives no e-mail address; oidc.scopes may lack "email"' };
  if (raw.email_verified === false)
    return { lacks: `the provider has not verified the address ${email.data}` };
  return {
    issuer,
    subject: subject.data,
    email: email.data,
    name: nameOf(raw) ?? email.data,
    groups: groupsOf(raw, groups_claim),
  };
}

/** Whether asking the provider's userinfo address may add something that the id token left out. */
export function isIncomplete(raw: Raw, { groups_claim, group_roles }: Config['oidc']): boolean {
  return raw.email === undefined || (group_roles.length > 0 && valueAt(raw, groups_claim) === undefined);
}

function nameOf(raw: Raw): string | undefined {
  const given = [raw.name, raw.preferred_username].find(value => text.safeParse(value).success);
  const clean = String(given ?? '')
    .replace(/[\p{Cc}\p{Cs}]/gu, '')
    .trim();
  return clean === '' ? undefined : clean.slice(0, 500).toWellFormed();
}

/** A list, or one alone. No claim is no group: what is not said is not given. */
function groupsOf(raw: Raw, claim: string): string[] {
  const value = valueAt(raw, claim);
  return (Array.isArray(value) ? value : [value]).filter(group => typeof group === 'string');
}

/** `groups`, or a path such as Keycloak's `realm_access.roles`. */
function valueAt(raw: Raw, claim: string): unknown {
  if (raw[claim] !== undefined) return raw[claim];
  return claim.split('.').reduce<unknown>((value, key) => {
    const isObject = typeof value === 'object' && value !== null;
    return isObject && Object.hasOwn(value, key) ? (value as Raw)[key] : undefined;
  }, raw);
}

export interface WantedRole {
  workspace: string;
  role: Role;
}

/** Several groups may lead to one workspace: the highest role counts. */
export function rolesOf(groups: readonly string[], mapping: readonly GroupRole[]): WantedRole[] {
  const best = new Map<string, Role>();
  for (const { group, workspace, role } of mapping) {
    const former = best.get(workspace);
    const isHigher = former === undefined || ROLES.indexOf(role) < ROLES.indexOf(former);
    if (groups.includes(group) && isHigher) best.set(workspace, role);
  }
  return [...best].map(([workspace, role]) => ({ workspace, role }));
}
