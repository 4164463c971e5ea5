import { fail } from '../../../base/kit/errors.ts';
import type { ProblemField } from '../../../contract/errors.ts';
import type { Role } from '../../../contract/permissions.ts';

const HOUR_SECONDS = 3600;

/** How long a link works. The first admin's lies on a console, an invitation in a mailbox over the weekend. */
export const LIFETIME_SECONDS = {
  first_admin: HOUR_SECONDS,
  reset: 24 * HOUR_SECONDS,
  invitation: 7 * 24 * HOUR_SECONDS,
} as const;

export interface Link {
  id: string;
  kind: 'first_admin' | 'reset' | 'invitation';
  workspace_id: string | null;
  workspace_name: string | null;
  user_id: string | null;
  email: string | null;
  role: Role | null;
  expires_at: string;
  /** Whether there is an account of this address. */
  has_account: boolean;
}

export interface LinkUse {
  name?: string;
  email?: string;
  password?: string;
}

/** Who will have used the link: somebody signed in, somebody new, or the account whose password it sets. */
export type Plan =
  | { as: 'signed_in' }
  | { as: 'new_account'; name: string; email: string; password: string }
  | { as: 'account'; user_id: string; password: string };

interface Situation {
  /** The person at this browser, by session. */
  signed_in: { email: string } | undefined;
  password_login: boolean;
}

/** Pure: what using the link will do, or why it cannot be used like this. */
export function planUse(link: Link, use: LinkUse, { signed_in, password_login }: Situation): Plan {
  if (link.kind === 'reset') {
    if (!password_login) throw fail('sign_in.password_disabled');
    const { password } = required(use, ['password']);
    return { as: 'account', user_id: link.user_id ?? '', password };
  }
  if (link.kind === 'invitation' && signed_in && !isSameEmail(signed_in.email, link.email))
    throw fail('link.other_account', { email: link.email, signed_in: signed_in.email });
  if (signed_in) return { as: 'signed_in' };
  // Who has an account shows that it is theirs, and where there are no passwords the identity provider says who comes.
  if (!password_login || (link.kind === 'invitation' && link.has_account)) throw fail('auth.required');
  // The address of an invitation is the one it was sent to.
  return {
    as: 'new_account',
    ...required({ ...use, email: link.email ?? use.email }, ['name', 'email', 'password']),
  };
}

function isSameEmail(one: string, other: string | null): boolean {
  return one.toLowerCase() === other?.toLowerCase();
}

function required<K extends keyof LinkUse>(use: LinkUse, keys: readonly K[]): Record<K, string> {
  const missing = keys.filter(key => use[key] === undefined);
  if (missing.length > 0) {
    const fields = missing.map(
      (key): ProblemField => ({ path: `body.${key}`, code: 'required', message: 'is needed' }),
    );
    const summary = fields.map(field => `${field.path} ${field.message}`).join(', ');
    throw fail('request.invalid', { count: fields.length, summary }, { fields });
  }
  return use as Record<K, string>;
}
