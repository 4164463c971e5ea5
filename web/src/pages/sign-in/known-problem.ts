import type { TFunction } from 'i18next';
import type { Problem } from '../../../../src/contract/errors.ts';

/** How the way back from an identity provider may end: `/sign-in?problem=oidc.refused&request_id=…`. */
const KNOWN = {
  'oidc.refused': 'refused',
  'oidc.unreachable': 'unreachable',
  'oidc.not_configured': 'not_configured',
} as const;

/**
 * Anybody can write an address: nothing of its text is shown but an id, and only for a code that we know. The reason, which
 * may be a stranger's text, is in the audit log.
 */
export function knownProblem(
  search: { problem?: string; request_id?: string },
  t: TFunction<'sign_in'>,
): Problem | undefined {
  const code = search.problem ?? '';
  const word = Object.entries(KNOWN).find(([known]) => known === code)?.[1];
  if (word === undefined) return undefined;
  return {
    type: `urn:moulin:error:${code}`,
    title: t(`problem.${word}.title`),
    status: 403,
    detail: t(`problem.${word}.text`),
    // Its own words, not those of the API's error, which name what is not in the address.
    code: 'page.sign_in',
    hint: t('problem.hint'),
    params: {},
    request_id: /^[0-9a-f-]{36}$/.test(search.request_id ?? '') ? (search.request_id ?? '') : '',
    errors: [],
  };
}
