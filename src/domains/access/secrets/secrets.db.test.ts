import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { CompiledQuery, sql } from 'kysely';
import { type TestDatabase, testDatabase } from '../../../../tests/support/database.ts';
import { until } from '../../../../tests/support/until.ts';
import { withClient } from '../../../base/db/connection.ts';
import type { Store, Tx } from '../../../base/db/index.ts';
import { isFailure } from '../../../base/kit/errors.ts';
import { newId } from '../../../base/kit/ids.ts';
import { createRedactor, REDACTED } from '../../../base/kit/redact.ts';
import { finishRotation } from './finish-rotation.ts';
import { fileKeys, givenKeys, type KeyProvider } from './keys.ts';
import { openSecrets, type Secrets } from './secrets.ts';
import { type SecretRef, selectStatesOfKind } from './store.ts';

interface Bench extends TestDatabase {
  folder: string;
  provider: KeyProvider;
  secrets: Secrets;
  workspaces: [string, string];
}

async function bench(t: TestContext): Promise<Bench> {
  const database = await testDatabase(t);
  const folder = await mkdtemp(join(tmpdir(), 'moulin-secrets-'));
  t.after(() => rm(folder, { recursive: true }));
  const provider = fileKeys(folder, database.instance_id);
  const secrets = await open(database.store, provider);
  const workspaces: [string, string] = [newId(), newId()];
  await database.store.withInstance('test', async tx => {
    for (const id of workspaces)
      await tx.insertInto('workspaces').values({ id, slug: id, name: id }).execute();
  });
  return { ...database, folder, provider, secrets, workspaces };
}

const open = (store: Store, provider: KeyProvider, redactor = createRedactor()) =>
  openSecrets({ store, keys: provider, redactor });

const refIn = (workspace_id: string | null, object_id = 'c1', field = 'password'): SecretRef => ({
  workspace_id,
  object_kind: 'connection',
  object_id,
  field,
});

const put = ({ store, secrets }: Bench, ref: SecretRef, value: string) =>
  inDoor(store, ref, tx => secrets.put(tx, ref, value, 'Ada'));

const read = ({ store, secrets }: Pick<Bench, 'store' | 'secrets'>, ref: SecretRef) =>
  inDoor(store, ref, tx => secrets.read(tx, ref));

function inDoor<T>(store: Store, { workspace_id }: SecretRef, work: (tx: Tx) => Promise<T>): Promise<T> {
  return workspace_id === null
    ? store.withInstance('test', work)
    : store.withWorkspace({ workspace_id }, work);
}

const isCode = (code: Parameters<typeof isFailure>[1]) => (error: unknown) => isFailure(error, code);

test('what is put is read again, by place, in a workspace and in the installation', async t => {
  const b = await bench(t);
  const [one, two] = b.workspaces;
  await put(b, refIn(one), 'value of one');
  await put(b, refIn(two), 'value of two');
  await put(b, refIn(null), 'value of the installation');
  await put(b, refIn(one, 'c1', 'token'), 'another field');
  assert.equal(await read(b, refIn(one)), 'value of one');
  assert.equal(await read(b, refIn(two)), 'value of two');
  assert.equal(await read(b, refIn(null)), 'value of the installation');
  assert.equal(await read(b, refIn(one, 'c1', 'token')), 'another field');
  assert.equal(await read(b, refIn(one, 'c2')), undefined);
});

test('any text comes back as it was', async t => {
  const b = await bench(t);
  const ref = refIn(b.workspaces[0]);
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 2000 }), async value => {
      await put(b, ref, value);
      assert.equal(await read(b, ref), value);
    }),
    { numRuns: 30 },
  );
});

test('what may be shown of a secret is its version, when and by whom', async t => {
  const b = await bench(t);
  const ref = refIn(b.workspaces[0]);
  await put(b, ref, 'first value');
  await put(b, ref, 'second value');
  const shown = await inDoor(b.store, ref, tx => b.secrets.describe(tx, ref));
  assert.deepEqual(
    { ...shown, updated_at: '' },
    {
      object_id: 'c1',
      field: 'password',
      version: 2,
      updated_by: 'Ada',
      updated_at: '',
    },
  );
});

test('a value is known to the redactor when it is put and when it is read', async t => {
  const b = await bench(t);
  const ref = refIn(b.workspaces[0]);
  await put(b, ref, 'swordfish-1');
  const redactor = createRedactor();
  const secrets = await open(b.store, b.provider, redactor);
  assert.equal(redactor.redact('swordfish-1'), 'swordfish-1');
  await read({ store: b.store, secrets }, ref);
  assert.equal(redactor.redact('<swordfish-1>'), `<${REDACTED}>`);
  await inDoor(b.store, ref, tx => secrets.put(tx, ref, 'swordfish-2', 'Ada'));
  assert.equal(redactor.redact('<swordfish-2>'), `<${REDACTED}>`);
});

test('nothing of a value stands in the database', async t => {
  const b = await bench(t);
  await put(b, refIn(b.workspaces[0]), 'PLAINTEXT-CANARY');
  const rows = await b.store.withInstance('test', tx =>
    sql<{
      row: string;
    }>`select s::text as row from secrets s union all select k::text from data_keys k`.execute(tx),
  );
  const hex = Buffer.from('PLAINTEXT-CANARY').toString('hex');
  assert.equal(rows.rows.length, 2);
  for (const { row } of rows.rows) assert(!row.includes('PLAINTEXT') && !row.includes(hex));
});

test('a row that was copied to another place, or changed by a bit, does not open', async t => {
  const b = await bench(t);
  const [one, two] = b.workspaces;
  const victim = refIn(one);
  const others: [string, SecretRef][] = [
    ['another workspace', refIn(two)],
    ['the installation', refIn(null)],
    ['another object', refIn(one, 'c2')],
    ['another field', refIn(one, 'c1', 'token')],
  ];
  await put(b, victim, 'the secret of one');
  for (const [, ref] of others) await put(b, ref, 'another value');
  const copy = (ref: SecretRef) =>
    b.store.withInstance('test', tx =>
      sql`update secrets t set nonce = s.nonce, ciphertext = s.ciphertext, data_key_id = s.data_key_id, version = s.version
          from secrets s
          where s.workspace_id = ${one} and s.object_id = 'c1' and s.field = 'password'
            and t.workspace_id is not distinct from ${ref.workspace_id}::uuid
            and t.object_id = ${ref.object_id} and t.field = ${ref.field}`.execute(tx),
    );
  for (const [name, ref] of others) {
    await copy(ref);
    await assert.rejects(read(b, ref), isCode('secret.damaged'), name);
  }
  assert.equal(await read(b, victim), 'the secret of one');
  for (const change of [
    'version = version + 1',
    'ciphertext = set_bit(ciphertext, 5, 1 - get_bit(ciphertext, 5))',
    'nonce = set_bit(nonce, 3, 1 - get_bit(nonce, 3))',
    `ciphertext = ''`,
  ]) {
    await put(b, victim, 'the secret of one');
    await b.store.withInstance('test', tx =>
      sql`update secrets set ${sql.raw(change)} where workspace_id = ${one} and object_id = 'c1' and field = 'password'`.execute(
        tx,
      ),
    );
    await assert.rejects(read(b, victim), isCode('secret.damaged'), change);
  }
});

test('a data key that was moved to another workspace does not open there', async t => {
  const b = await bench(t);
  const [one, two] = b.workspaces;
  await put(b, refIn(one), 'value of one');
  await put(b, refIn(two), 'value of two');
  await b.store.withInstance('test', async tx => {
    await sql`update data_keys set wrapped_key = (select wrapped_key from data_keys where workspace_id = ${one})
              where workspace_id = ${two}`.execute(tx);
  });
  const secrets = await open(b.store, b.provider);
  await assert.rejects(read({ store: b.store, secrets }, refIn(two)), isCode('secret.damaged'));
  const { broken } = await secrets.verify();
  assert.deepEqual(new Set(broken.map(one => one.what)), new Set(['data_key', 'secret']));
  assert(broken.every(found => found.workspace_id === two));
});

test('two first values at the same time: both callers succeed, one value stands', async t => {
  const b = await bench(t);
  const ref = refIn(b.workspaces[0]);
  const values = Array.from({ length: 8 }, (_, at) => `value number ${at}`);
  await Promise.all(values.map(value => put(b, ref, value)));
  assert(values.includes((await read(b, ref)) ?? ''));
  const { data_keys, secrets } = await b.secrets.status();
  assert.deepEqual({ data_keys, secrets }, { data_keys: 1, secrets: 1 });
});

// ── The key-encryption key ──────────────────────────────────────────────────────────────────────────

test('two first starts at the same time use the same key', async t => {
  const database = await testDatabase(t);
  const folder = await mkdtemp(join(tmpdir(), 'moulin-secrets-'));
  t.after(() => rm(folder, { recursive: true }));
  const started = await Promise.all(
    Array.from({ length: 4 }, () => open(database.store, fileKeys(folder, database.instance_id))),
  );
  const ids = await Promise.all(started.map(async secrets => (await secrets.status()).key_id));
  assert.equal(new Set(ids).size, 1);
});

test('a start without the key is refused, with its id and where it was looked for', async t => {
  const b = await bench(t);
  const { key_id } = await b.secrets.status();
  const elsewhere = fileKeys(join(b.folder, 'moved away'), b.instance_id);
  await assert.rejects(open(b.store, elsewhere), (error: Error) => {
    assert(isFailure(error, 'key.missing'));
    return (
      error.message.includes(key_id) &&
      error.message.includes(elsewhere.place) &&
      /no key/.test(error.message)
    );
  });
  const wrong = givenKeys(randomBytes(32).toString('base64'), 'MOULIN_KEY');
  const [wrong_id = ''] = await wrong.ids();
  await assert.rejects(open(b.store, wrong), (error: Error) => {
    assert(isFailure(error, 'key.missing'));
    return error.message.includes(wrong_id) && error.message.includes('MOULIN_KEY');
  });
  assert.deepEqual(await elsewhere.ids(), [], 'no key is made where one is missing');
});

test('a canary that does not open is refused', async t => {
  const b = await bench(t);
  await b.store.withInstance('test', tx =>
    sql`update instance set key_canary = set_bit(key_canary, 100, 1 - get_bit(key_canary, 100))`.execute(tx),
  );
  await assert.rejects(open(b.store, b.provider), isCode('key.wrong'));
});

test('rewrap puts a new key over everything; the old one alone opens nothing any more', async t => {
  const b = await bench(t);
  const [one] = b.workspaces;
  await put(b, refIn(one), 'kept value');
  const [former = ''] = await b.provider.ids();
  const done = await b.secrets.rewrap();
  assert.equal(done.former_key_id, former);
  assert.notEqual(done.key_id, former);
  assert.equal(await read(b, refIn(one)), 'kept value');
  await put(b, refIn(b.workspaces[1]), 'new value');
  const again = await open(b.store, fileKeys(b.folder, b.instance_id));
  assert.equal(await read({ store: b.store, secrets: again }, refIn(one)), 'kept value');
  assert.equal((await again.verify()).broken_count, 0);
  const onlyFormer: KeyProvider = {
    ...b.provider,
    find: async id => (id === former ? b.provider.find(id) : undefined),
  };
  await assert.rejects(open(b.store, onlyFormer), isCode('key.missing'));
});

test('a rewrap that dies at any step leaves an installation that starts, and can be repeated', async t => {
  const b = await bench(t);
  await put(b, refIn(b.workspaces[0]), 'kept value');
  const [before = ''] = await b.provider.ids();
  const dies = new Error('kill -9');
  // After the new key is in the file, before the transaction: the file holds both.
  await assert.rejects(
    b.secrets.rewrap(async () => {
      throw dies;
    }),
    dies,
  );
  assert.equal((await b.provider.ids()).length, 2);
  const restarted = await open(b.store, fileKeys(b.folder, b.instance_id));
  assert.equal((await restarted.status()).key_id, before);
  assert.equal(await read({ store: b.store, secrets: restarted }, refIn(b.workspaces[0])), 'kept value');
  // Repeated: the key that was made is used, and no third one is.
  const done = await restarted.rewrap();
  const ids = await b.provider.ids();
  assert.deepEqual(ids, [done.key_id, before]);
  // While the file is being written: the provider fails, nothing has changed.
  const full: KeyProvider = {
    ...b.provider,
    next: async () => {
      throw dies;
    },
  };
  const third = await open(b.store, full);
  await assert.rejects(third.rewrap(), dies);
  assert.equal((await third.status()).key_id, done.key_id);
  assert.equal(await read({ store: b.store, secrets: third }, refIn(b.workspaces[0])), 'kept value');
});

test('with a given key the new one is put before the old one', async t => {
  const [first, second] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')];
  const database = await testDatabase(t);
  const secrets = await open(database.store, givenKeys(first, 'MOULIN_KEY'));
  await database.store.withInstance('test', tx => secrets.put(tx, refIn(null), 'kept value', 'Ada'));
  await assert.rejects(secrets.rewrap(), isCode('key.new_needed'));
  const restarted = await open(database.store, givenKeys(`${second},${first}`, 'MOULIN_KEY'));
  await restarted.rewrap();
  const last = await open(database.store, givenKeys(second, 'MOULIN_KEY'));
  assert.equal(await read({ store: database.store, secrets: last }, refIn(null)), 'kept value');
});

test('a server that still holds the replaced key makes no data key under it', async t => {
  const b = await bench(t);
  const other = { ...b, secrets: await open(b.store, fileKeys(b.folder, b.instance_id)) };
  const done = await b.secrets.rewrap();
  await put(other, refIn(b.workspaces[1]), 'new value');
  assert.equal((await other.secrets.status()).key_id, done.key_id);
  const given = await open(b.store, givenKeys(await exported(b), 'MOULIN_KEY'));
  await b.secrets.rewrap();
  await assert.rejects(put({ ...b, secrets: given }, refIn(b.workspaces[0]), 'v'), isCode('key.changed'));
});

function exported({ folder, instance_id }: Bench): Promise<string> {
  return readFile(join(folder, 'keys', `${instance_id}.key`), 'utf8');
}

// ── Rotation ────────────────────────────────────────────────────────────────────────────────────────

test('rotation encrypts every secret under a new data key, and changes nothing else', async t => {
  const b = await bench(t);
  const [one, two] = b.workspaces;
  const refs = Array.from({ length: 30 }, (_, at) => refIn(at % 2 ? one : two, `c${at}`));
  for (const ref of refs) await put(b, ref, `value of ${ref.object_id}`);
  const done = await b.secrets.rotate();
  assert.deepEqual(done, { data_keys: 2, reencrypted: 30, waiting: 0 });
  for (const ref of refs) assert.equal(await read(b, ref), `value of ${ref.object_id}`);
  const [ref] = refs;
  assert(ref);
  assert.equal((await inDoor(b.store, ref, tx => b.secrets.describe(tx, ref)))?.version, 1);
  assert.equal((await b.secrets.verify()).broken_count, 0);
});

test('a rotation that was stopped goes on where it stopped', async t => {
  const b = await bench(t);
  const ref = refIn(b.workspaces[0]);
  await put(b, ref, 'kept value');
  const stopped = await b.secrets.rotate({ signal: AbortSignal.abort() });
  assert.deepEqual(stopped, { data_keys: 1, reencrypted: 0, waiting: 1 });
  assert.equal(await read(b, ref), 'kept value');
  const restarted = await open(b.store, b.provider);
  assert.deepEqual(await restarted.rotate({ resume: true }), { data_keys: 0, reencrypted: 1, waiting: 0 });
  assert.equal(await read(b, ref), 'kept value');
});

test('a rotation that was cut short is finished by the next start, and never begun by one', async t => {
  const b = await bench(t);
  const ref = refIn(b.workspaces[0]);
  await put(b, ref, 'kept value');
  await b.secrets.rotate({ signal: AbortSignal.abort() });
  const restarted = await open(b.store, b.provider);
  const told: unknown[] = [];
  const log = { info: (facts: unknown) => told.push(facts), warn: (facts: unknown) => told.push(facts) };
  const finished = async () => {
    const stop = finishRotation(restarted, log);
    await until('it is finished', async () => (await restarted.status()).waiting === 0);
    await stop();
  };
  await finished();
  await finished();
  assert.deepEqual(told, [{ reencrypted: 1, waiting: 0 }]);
  assert.equal(await read(b, ref), 'kept value');
});

test('a damaged secret does not stop a rotation; verify names it', async t => {
  const b = await bench(t);
  const [one] = b.workspaces;
  for (const object of ['c1', 'c2', 'c3']) await put(b, refIn(one, object), `value of ${object}`);
  await b.store.withInstance('test', tx =>
    sql`update secrets set version = 9 where object_id = 'c2'`.execute(tx),
  );
  assert.deepEqual(await b.secrets.rotate(), { data_keys: 1, reencrypted: 2, waiting: 1 });
  const found = await b.secrets.verify();
  assert.equal(found.secrets, 3);
  assert.deepEqual(
    found.broken.map(({ what, object }) => [what, object]),
    [['secret', 'connection/c2/password']],
  );
});

test('a value set during a rotation stands', async t => {
  const b = await bench(t);
  const ref = refIn(b.workspaces[0]);
  await put(b, ref, 'old value');
  await Promise.all([
    b.secrets.rotate(),
    put(b, ref, 'new value'),
    put(b, refIn(b.workspaces[1]), 'first value'),
  ]);
  await b.secrets.rotate({ resume: true });
  assert.equal(await read(b, ref), 'new value');
  assert.equal((await b.secrets.status()).waiting, 0);
  assert.equal((await b.secrets.verify()).broken_count, 0);
});

test('the page of names walks an index, however many secrets there are', async t => {
  const b = await bench(t);
  const [one] = b.workspaces;
  await put(b, refIn(one), 'value');
  await b.store.withInstance('test', tx =>
    sql`insert into secrets (id, workspace_id, object_kind, object_id, field, data_key_id, nonce, ciphertext, updated_by)
        select gen_random_uuid(), ${one}, 'secret', 'n' || n, 'value', (select id from data_keys limit 1), '', '', 'test'
        from generate_series(1, 5000) n`.execute(tx),
  );
  await withClient(b.owner, 'test', client => client.query('analyze secrets'));
  const page = { after: 'n4', limit: 51 };
  const { sql: text, parameters } = await b.store.withWorkspace({ workspace_id: one }, async tx =>
    selectStatesOfKind(tx, { workspace_id: one, object_kind: 'secret' }, page).compile(),
  );
  const plan = await b.store.withWorkspace({ workspace_id: one }, tx =>
    tx.executeQuery<Record<string, string>>(CompiledQuery.raw(`explain ${text}`, [...parameters])),
  );
  const lines = plan.rows.map(row => Object.values(row)[0]).join('\n');
  assert.match(lines, /Index Scan using secrets_workspace/);
  assert.doesNotMatch(lines, /Sort|Seq Scan/);
});
