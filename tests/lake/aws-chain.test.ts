import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AWS_CHAIN_VARIABLES, openS3Storage } from '../../src/base/storage/index.ts';
import { lakeWorker } from '../support/lake.ts';
import { s3Server, serviceAbsence } from '../support/services.ts';

const skip = serviceAbsence('versitygw');
const INPUT = { namespace: ['n'], name: 'a', source: { kind: 'generate', rows: 3 } };

test('a runner finds the credentials of the machine where the operator said so, and only then', {
  skip,
}, async t => {
  const before = { ...process.env };
  t.after(() => {
    process.env = before;
  });
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'testtest' });
  // Else one without credentials asks the machine that it is on.
  process.env.AWS_EC2_METADATA_DISABLED = 'true';
  const server = await s3Server(t);
  const options = server.options({ credentials: 'aws_chain' });
  const storage = await openS3Storage(options);
  const passed = await lakeWorker(t, { storage }, { kind: 's3', options }, AWS_CHAIN_VARIABLES);
  const { state, error } = await passed.run('table.write', INPUT);
  assert.equal(state, 'succeeded', JSON.stringify(error));
  assert.equal((await passed.rows('n.a')).length, 3);

  const emptied = await lakeWorker(t, { storage }, { kind: 's3', options }, ['AWS_EC2_METADATA_DISABLED']);
  const failed = await emptied.run('table.write', INPUT);
  assert.deepEqual([failed.state, failed.error?.code], ['failed', 'storage.credentials']);
});
