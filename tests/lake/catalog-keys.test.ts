import assert from 'node:assert/strict';
import { test } from 'node:test';
import { S3_ACCESS_KEY, S3_SECRET_KEY } from '../../scripts/services/s3.ts';
import { fail } from '../../src/base/kit/errors.ts';
import { openFolderStorage, openS3Storage } from '../../src/base/storage/index.ts';
import { scratchFolder } from '../support/scratch.ts';
import { s3Server, serviceAbsence } from '../support/services.ts';
import { type Answer, NEW_TABLE, openCatalogWorld } from './catalog.ts';

// Keys for the files of a table: temporary, for that table, and only for who asks. The installation's own never leave.

const skip = serviceAbsence('minio');
const STS = { role: 'arn:aws:iam::000000000000:role/lake', endpoint: null };
const DELEGATION = { 'x-iceberg-access-delegation': 'vended-credentials' };

test('keys open one table, for as much as the caller may do there', { skip }, async t => {
  const server = await s3Server(t, 'minio');
  const storage = await openS3Storage(server.options({ sts: STS }));
  const { editor, client, token, workspace_id } = await openCatalogWorld(t, { lake: { storage } });
  await editor.ask('POST', 'namespaces', { namespace: ['shop'] });
  const path = 'namespaces/shop/tables/orders';
  const { metadata } = (await editor.ask('POST', 'namespaces/shop/tables', NEW_TABLE)).body;
  await editor.ask('POST', 'namespaces/shop/tables', { ...NEW_TABLE, name: 'other' });
  const other = (await editor.ask('GET', 'namespaces/shop/tables/other')).body.metadata;

  const plain = await editor.ask('GET', path);
  assert.equal(plain.body['storage-credentials'], undefined);
  assert.deepEqual(plain.body.config, {
    's3.endpoint': server.endpoint,
    's3.path-style-access': 'true',
    's3.region': 'us-east-1',
    'client.region': 'us-east-1',
  });
  const open = async ({ body }: Answer) => {
    const [given] = body['storage-credentials'];
    assert.equal(given?.prefix, `${metadata.location}/`);
    const { config } = given;
    const credentials = {
      access_key: config['s3.access-key-id'] ?? '',
      secret_key: config['s3.secret-access-key'] ?? '',
      session_token: config['s3.session-token'] ?? '',
    };
    // Trino takes all three or none.
    assert.ok(Object.values(credentials).every(value => value !== ''));
    assert.ok(!JSON.stringify(body.config ?? {}).includes(S3_SECRET_KEY));
    assert.notEqual(credentials.access_key, S3_ACCESS_KEY);
    return openS3Storage(server.options({ credentials }));
  };
  const viewer = client(await token('viewer'));
  const writer = await open(await editor.ask('GET', path, undefined, DELEGATION));
  const reader = await open(await viewer.ask('GET', `${workspace_id}/${path}/credentials`));
  const key = storage.keyOf(`${metadata.location}/data/a`) ?? '';
  await writer.put(key, Buffer.from('x'));
  assert.equal((await reader.range(key, 0, 1)).toString(), 'x');
  await assert.rejects(reader.put(key, Buffer.from('y')));
  const foreign = storage.keyOf(`${other.location}/data/a`) ?? '';
  for (const stranger of [reader, writer]) await assert.rejects(stranger.put(foreign, Buffer.from('y')));

  // With keys in it, an answer is a new one each time.
  assert.equal((await editor.ask('GET', path, undefined, DELEGATION)).headers.etag, undefined);
  const tag = plain.headers.etag ?? '';
  const again = await editor.ask('GET', path, undefined, { ...DELEGATION, 'if-none-match': tag });
  assert.equal(again.status, 200);
});

test('an issuer that fails fails whoever asks for keys, and nobody else', async t => {
  let failing = false;
  const storage = {
    ...(await openFolderStorage(scratchFolder(t))),
    temporaryCredentials: async () => {
      if (failing) throw fail('storage.unreachable', { place: 'the issuer', reason: 'it is away' });
      return undefined;
    },
  };
  const { editor } = await openCatalogWorld(t, { lake: { storage } });
  await editor.ask('POST', 'namespaces', { namespace: ['shop'] });
  failing = true;
  const made = await editor.ask('POST', 'namespaces/shop/tables', NEW_TABLE, DELEGATION);
  assert.equal(made.status, 200);
  const path = 'namespaces/shop/tables/orders';
  assert.equal((await editor.ask('GET', path, undefined, DELEGATION)).status, 503);
  assert.equal((await editor.ask('GET', path)).status, 200);
});
