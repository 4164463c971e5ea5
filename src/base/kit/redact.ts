/**
 * The last net under every text that leaves the process: whatever once was handed to the registry appears as ••• in
 * logs, errors, audit entries and support bundles, in any spelling that a library may have given it.
 */
export interface Redactor extends Covering {
  /** Remembers a secret that was read or received, and whose it is; the least recently added are forgotten first. */
  add(secret: string, owner?: Owner): void;
  /** Remembers a secret of the process itself (configuration, keys) for as long as the process lives. */
  pin(secret: string): void;
  /**
   * For text that people of one workspace typed and read again: covers its own secrets and the installation's, and no
   * other's. Else whoever types a guess learns from the bullets that it is right, of a secret they may not even know of.
   */
  of(owner: Owner): Covering;
}

interface Covering {
  redact(text: string): string;
  /** The same for every string inside a JSON value; keys too. */
  redactValue<T>(value: T): T;
}

/** The id of a workspace; null is the installation. */
type Owner = string | null;

export const REDACTED = '•••';
/** Shorter values would black out ordinary words, and hide nothing that can be guessed in an instant anyway. */
export const MIN_LENGTH = 6;
const MAX_REMEMBERED = 5000;
/** A long secret (a key file in JSON) is looked for piece by piece: a log line may show any part of it. */
const PIECE_LENGTH = 1024;
const MAX_DEPTH = 32;
/** Tokens from before a restart are in no registry, but have a form. The first two parts are their public name. */
const API_TOKEN = /\b(moulin_[0-9A-Za-z]{12})_[0-9A-Za-z]{20,}/g;

export function createRedactor(max_remembered: number = MAX_REMEMBERED): Redactor {
  const index = createIndex();
  const remembered = new Map<string, { owner: Owner; forms: readonly string[] }>();
  const pinned = new Set<string>();

  const forget = (key: string) => {
    const { owner, forms } = remembered.get(key) ?? { owner: null, forms: [] };
    for (const form of forms) index.delete(form, owner);
    remembered.delete(key);
  };
  const add = (secret: string, owner: Owner = null) => {
    if (secret.length < MIN_LENGTH || pinned.has(secret)) return;
    const key = `${owner ?? ''} ${secret}`;
    const known = remembered.get(key) ?? { owner, forms: spellings(secret) };
    if (!remembered.has(key)) for (const form of known.forms) index.add(form, owner);
    // Deleting first moves it to the young end of the map.
    remembered.delete(key);
    remembered.set(key, known);
    const [oldest] = remembered.keys();
    if (remembered.size > max_remembered && oldest !== undefined) forget(oldest);
  };
  const pin = (secret: string) => {
    if (secret.length < MIN_LENGTH || pinned.has(secret)) return;
    pinned.add(secret);
    for (const form of spellings(secret)) index.add(form, null);
  };
  const covering = (owner?: Owner): Covering => {
    const redact = (text: string) => cover(text.replace(API_TOKEN, `$1_${REDACTED}`), index, owner);
    return { redact, redactValue: value => redactDeep(value, redact) };
  };
  return { add, pin, of: covering, ...covering() };
}

/** Everything a secret may look like once encoders had it. All are at least MIN_LENGTH long. */
export function spellings(secret: string): string[] {
  const pieces = Array.from({ length: Math.ceil(secret.length / PIECE_LENGTH) }, (_, at) =>
    secret.slice(at * PIECE_LENGTH, (at + 1) * PIECE_LENGTH),
  );
  // A key in PEM form is often logged line by line.
  const lines = secret.includes('\n') ? secret.split(/\r?\n/).filter(line => line.length >= 16) : [];
  const all = [...pieces.flatMap(encodings), ...lines];
  return [...new Set(all)].filter(form => form.length >= MIN_LENGTH);
}

function encodings(secret: string): string[] {
  const bytes = Buffer.from(secret, 'utf8');
  const json = inJson(secret);
  const encoded = [percentEncode(secret), new URLSearchParams({ s: secret }).toString().slice(2)];
  return [
    secret,
    json,
    inJson(json),
    ...encoded,
    ...encoded.map(lowerPercents),
    ...[0, 1, 2].flatMap(offset => inBase64(bytes, offset)),
    bytes.toString('hex'),
  ];
}

function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** A lone surrogate cannot be encoded; then there is no such spelling to look for. */
function percentEncode(text: string): string {
  return text.isWellFormed() ? encodeURIComponent(text) : text;
}

function lowerPercents(text: string): string {
  return text.replace(/%[0-9A-F]{2}/g, code => code.toLowerCase());
}

/**
 * The characters that the secret alone decides when it stands `offset` bytes into something encoded, such as the
 * password in `Basic base64(user:password)`.
 */
function inBase64(bytes: Buffer, offset: number): string[] {
  const padded = Buffer.concat([Buffer.alloc(offset), bytes]);
  const first = Math.ceil((offset * 8) / 6);
  const certain = padded.toString('base64').slice(first, Math.floor((padded.length * 8) / 6));
  return [certain, certain.replaceAll('+', '-').replaceAll('/', '_')];
}

// ── Searching ───────────────────────────────────────────────────────────────────────────────────────

interface Index {
  add(form: string, owner: Owner): void;
  delete(form: string, owner: Owner): void;
  /** Length of the longest form that starts at `at`; 0 for none. Of this owner and the installation, or of all. */
  longestAt(text: string, at: number, owner: Owner | undefined): number;
}

const BUCKETS = 1 << 17;

/**
 * Two sieves before any comparison: a table of counters over the first four characters (most positions of a text end
 * there), then a map by the first six. So the cost per character hardly grows with the number of secrets.
 */
function createIndex(): Index {
  const counters = new Uint32Array(BUCKETS);
  const byBeginning = new Map<string, string[]>();
  /** How often each owner has it: two secrets may share a spelling. */
  const uses = new Map<string, Map<Owner, number>>();
  const isOf = (form: string, owner: Owner | undefined) =>
    owner === undefined || uses.get(form)?.has(owner) || uses.get(form)?.has(null);

  const count = (form: string) => {
    const beginning = form.slice(0, MIN_LENGTH);
    const others = byBeginning.get(beginning) ?? [];
    byBeginning.set(
      beginning,
      [...others, form].sort((a, b) => b.length - a.length),
    );
    counters[bucketOf(form, 0)] = (counters[bucketOf(form, 0)] ?? 0) + 1;
  };
  const uncount = (form: string) => {
    const beginning = form.slice(0, MIN_LENGTH);
    const others = (byBeginning.get(beginning) ?? []).filter(other => other !== form);
    if (others.length > 0) byBeginning.set(beginning, others);
    else byBeginning.delete(beginning);
    counters[bucketOf(form, 0)] = (counters[bucketOf(form, 0)] ?? 1) - 1;
  };

  return {
    add(form, owner) {
      const owners = uses.get(form) ?? new Map<Owner, number>();
      if (owners.size === 0) count(form);
      uses.set(form, owners.set(owner, (owners.get(owner) ?? 0) + 1));
    },
    delete(form, owner) {
      const owners = uses.get(form);
      const left = (owners?.get(owner) ?? 0) - 1;
      if (left > 0) return void owners?.set(owner, left);
      owners?.delete(owner);
      if (owners?.size !== 0) return;
      uses.delete(form);
      uncount(form);
    },
    longestAt(text, at, owner) {
      if (counters[bucketOf(text, at)] === 0) return 0;
      const candidates = byBeginning.get(text.slice(at, at + MIN_LENGTH));
      return candidates?.find(form => text.startsWith(form, at) && isOf(form, owner))?.length ?? 0;
    },
  };
}

function bucketOf(text: string, at: number): number {
  const head = (text.charCodeAt(at) << 15) ^ (text.charCodeAt(at + 1) << 10);
  const tail = (text.charCodeAt(at + 2) << 5) ^ text.charCodeAt(at + 3);
  return (head ^ tail ^ (head >> 17)) & (BUCKETS - 1);
}

/** Overlapping finds are covered as one: what is left of one secret must not be cut out of another. */
function cover(text: string, index: Index, owner: Owner | undefined): string {
  let out = '';
  let kept = 0;
  let covered_from = -1;
  let covered_to = 0;
  for (let at = 0; at + MIN_LENGTH <= text.length; at += 1) {
    const length = index.longestAt(text, at, owner);
    if (length === 0) continue;
    if (covered_from >= 0 && at > covered_to) {
      out += text.slice(kept, covered_from) + REDACTED;
      kept = covered_to;
      covered_from = at;
    } else if (covered_from < 0) covered_from = at;
    covered_to = Math.max(covered_to, at + length);
  }
  return covered_from < 0 ? text : out + text.slice(kept, covered_from) + REDACTED + text.slice(covered_to);
}

function redactDeep<T>(value: T, redact: (text: string) => string, depth = 0): T {
  if (typeof value === 'string') return redact(value) as T;
  if (typeof value !== 'object' || value === null) return value;
  if (depth > MAX_DEPTH) return REDACTED as T;
  if (Array.isArray(value)) return value.map(item => redactDeep(item, redact, depth + 1)) as T;
  const pairs = Object.entries(value).map(([key, item]) => [
    redact(key),
    redactDeep(item, redact, depth + 1),
  ]);
  return Object.fromEntries(pairs) as T;
}
