import { isFailure } from '../../../base/kit/errors.ts';
import type { Access } from '../../access/index.ts';
import { type CatalogAnswer, json } from './call.ts';

// OAuth's client credentials, for engines that ask for an id and a secret: the secret is an API token (of a service account,
// usually), the id says whose, and the token itself is the answer. So there is no second kind of token to revoke, and none
// that outlives the first. Engines ask often, one of them dozens of times for ten statements: nothing is counted here, because
// nobody guesses 256 bits.

/** Clients come again after that; the token ends when it was made to end, or is revoked, whatever this says. */
const EXPIRES_SECONDS = 3600;

export interface TokenRequest {
  /** A form. */
  text: string;
  /** Some clients say id and secret here. */
  authorization: string | undefined;
}

export async function signIn(
  { text, authorization }: TokenRequest,
  identify: Access['identify'],
): Promise<CatalogAnswer> {
  const form = new URLSearchParams(text);
  const grant = form.get('grant_type') ?? '';
  if (grant === TOKEN_EXCHANGE)
    return refuse(
      400,
      'unsupported_grant_type',
      'Tokens are not exchanged here: an API token stays valid until it expires or is revoked. Go on with the one you have.',
    );
  if (grant !== 'client_credentials')
    return refuse(
      400,
      'unsupported_grant_type',
      'This catalog takes the grant type client_credentials only.',
    );
  const given = basicOf(authorization) ?? {
    id: form.get('client_id') ?? '',
    secret: form.get('client_secret') ?? '',
  };
  if (given.secret === '')
    return refuse(400, 'invalid_request', 'client_secret is missing: give an API token.');
  const token = tokenOf(given);
  if (!(await isTokenOf(given.id, token, identify)))
    return refuse(
      401,
      'invalid_client',
      'The client is unknown, or its secret is not right. Give an API token as client_secret, and its beginning (moulin_…) or the id of its account as client_id.',
    );
  return json(200, {
    access_token: token,
    token_type: 'bearer',
    expires_in: EXPIRES_SECONDS,
    issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    scope: form.get('scope') ?? 'catalog',
  });
}

const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';

interface Given {
  id: string;
  secret: string;
}

/** Of `moulin_<id>_<secret>` people also split at the last underscore: both halves are then what the words say. */
function tokenOf({ id, secret }: Given): string {
  return secret.includes('_') ? secret : `${id}_${secret}`;
}

async function isTokenOf(id: string, token: string, identify: Access['identify']): Promise<boolean> {
  try {
    const { principal } = await identify({ bearer: token });
    return principal !== undefined && (principal.id === id || token.slice(0, token.lastIndexOf('_')) === id);
  } catch (error) {
    if (isFailure(error, 'auth.invalid')) return false;
    throw error;
  }
}

function basicOf(authorization: string | undefined): Given | undefined {
  const encoded = /^Basic +([A-Za-z0-9+/=]{1,4000})$/i.exec(authorization ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const [id = '', ...rest] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  return { id, secret: rest.join(':') };
}

function refuse(status: number, error: string, error_description: string): CatalogAnswer {
  return json(status, { error, error_description });
}
