import type { Problem } from '../../../../src/contract/errors.ts';

/** Codes with which the way back from an identity provider may end: `/sign-in?problem=oidc.refused`. */
const STATUS: Readonly<Record<string, number>> = {
  'oidc.refused': 403,
  'oidc.unreachable': 502,
  'oidc.not_configured': 404,
};

/** Anybody can write an address: of its text nothing is shown, only what we say ourselves about a code we know. */
export function knownProblem(code: string | undefined): Problem | undefined {
  const status = code === undefined ? undefined : STATUS[code];
  if (code === undefined || status === undefined) return undefined;
  return {
    type: `urn:moulin:error:${code}`,
    title: 'Sign-in did not work',
    status,
    detail: 'The identity provider did not sign you in.',
    code,
    hint: 'Try again. If it stays, tell an admin; the reason is in the audit log.',
    params: {},
    request_id: '',
    errors: [],
  };
}
