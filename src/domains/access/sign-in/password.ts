import { fail } from '../../../base/kit/errors.ts';

/** OWASP's and our reference's parameters: 19 MiB and two passes, 10 ms or so. */
export const ARGON2 = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
/** Of random bytes that nobody kept: an account that is not there costs the time of one that is. */
export const NOBODYS_HASH =
  '$argon2id$v=19$m=19456,t=2,p=1$YGHxRKmW2BzbgyWRWBKCkg$8rObfV4ad9XDbHLECDf4IW++aSP1istVSsG+ClfGXLQ';

/** Each takes 19 MiB and a core of libuv's four threads, which files and names need too. */
const MAX_AT_ONCE = 2;
/** A second or so of work; who comes later is told so at once, instead of waiting in an endless line. */
const MAX_WAITING = 100;

export interface Passwords {
  hash(password: string): Promise<string>;
  /** Against nothing it takes as long, and is false. */
  verify(password: string, stored: string | null): Promise<boolean>;
  /** Refuses what is among the most used, and what is written beside it. */
  check(password: string, about: { email: string; name: string }): Promise<void>;
}

export function openPasswords(): Passwords {
  const inTurn = createTurns(MAX_AT_ONCE, MAX_WAITING);
  let common: Promise<ReadonlySet<string>> | undefined;
  return {
    hash: password => inTurn(async () => (await argon2()).hash(normalize(password), ARGON2)),
    verify: (password, stored) =>
      inTurn(async () => {
        const is_right = await (await argon2()).verify(stored ?? NOBODYS_HASH, normalize(password));
        return is_right && stored !== null;
      }),
    async check(password, about) {
      common ??= readCommonPasswords();
      const plain = normalize(password).toLowerCase();
      if ((await common).has(plain) || isAbout(plain, about)) throw fail('password.too_common');
    },
  };
}

/** Eight megabytes that a server needs when the first person signs in. */
function argon2() {
  return import('@node-rs/argon2');
}

/** The same password typed on another keyboard or system must give the same bytes (NIST SP 800-63B §3.1.1.2). */
function normalize(password: string): string {
  return password.normalize('NFKC');
}

function isAbout(plain: string, { email, name }: { email: string; name: string }): boolean {
  const own = [email, email.split('@')[0] ?? '', name].map(text => normalize(text).toLowerCase());
  return own.includes(plain);
}

/** Thirty kilobytes that only setting a password needs. */
async function readCommonPasswords(): Promise<ReadonlySet<string>> {
  const { default: list } = await import('./common-passwords.json', { with: { type: 'json' } });
  return new Set(list.passwords);
}

type InTurn = <T>(work: () => Promise<T>) => Promise<T>;

function createTurns(at_once: number, max_waiting: number): InTurn {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async work => {
    if (running < at_once) running += 1;
    else {
      if (waiting.length >= max_waiting) throw fail('server.unavailable', { part: 'Signing in' });
      // Whoever ends hands the place over, so `running` stays as it is.
      await new Promise<void>(resolve => waiting.push(resolve));
    }
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
