import { randomInt } from 'node:crypto';
import { hashBearer } from '../bearer.ts';

// `moulin_<id>_<secret>`: the first two parts are the prefix, which is shown and looked up; scanners of leaked secrets
// find the form. Letters and digits only, so that a double click selects all of it.

const ID_LENGTH = 12;
/** 43 of 62 characters hold 256 bits. */
const SECRET_LENGTH = 43;
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const FORM = new RegExp(`^(moulin_[0-9A-Za-z]{${ID_LENGTH}})_([0-9A-Za-z]{${SECRET_LENGTH}})$`);

export interface ApiToken {
  /** Shown once and never kept. */
  token: string;
  prefix: string;
  secret_hash: Buffer;
}

export function newApiToken(): ApiToken {
  const prefix = `moulin_${randomText(ID_LENGTH)}`;
  const secret = randomText(SECRET_LENGTH);
  return { token: `${prefix}_${secret}`, prefix, secret_hash: hashBearer(secret) };
}

/** Undefined for what is no token of ours; nobody is asked about it then. */
export function parseApiToken(text: string): { prefix: string; secret_hash: Buffer } | undefined {
  const [, prefix, secret] = FORM.exec(text) ?? [];
  return prefix === undefined || secret === undefined
    ? undefined
    : { prefix, secret_hash: hashBearer(secret) };
}

function randomText(length: number): string {
  return Array.from({ length }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
}
