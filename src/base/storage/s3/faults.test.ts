import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { makeCertificate } from '../../../../tests/support/certificate.ts';
import { openForwardProxy } from '../../../../tests/support/forward-proxy.ts';
import { type Fault, openS3Proxy, type S3Proxy } from '../../../../tests/support/s3-proxy.ts';
import { scratchFolder } from '../../../../tests/support/scratch.ts';
import { type S3Server, s3Server, serviceAbsence } from '../../../../tests/support/services.ts';
import { collect, keysOf } from '../../../../tests/support/storage-conformance.ts';
import type { ErrorCode } from '../../../contract/errors.ts';
import { isFailure } from '../../kit/errors.ts';
import { openS3Storage, type S3Options, type Storage } from '../index.ts';

const skip = serviceAbsence('versitygw');
const MB = 1024 ** 2;

const LIMITS = { attempts: 3, part_bytes: 5 * MB };
/** Where a test waits for the end of patience; with tries to spare, because a busy machine is slow, too. */
const IMPATIENT = { attempts: 5, idle_ms: 1000 };

interface World {
  server: S3Server;
  proxy: S3Proxy;
  storage: Storage;
}

async function open(t: TestContext, more: Partial<S3Options> = {}): Promise<World> {
  const server = await s3Server(t);
  const proxy = await openS3Proxy(t, server.port);
  const storage = await openS3Storage(server.options({ endpoint: proxy.endpoint, limits: LIMITS, ...more }));
  return { server, proxy, storage };
}

/** Of requests with this method (and this in their address), the first `times` fare so. */
function first(times: number, method: string, fault: Fault, part = ''): S3Proxy['fault'] {
  let left = times;
  return request => {
    if (request.method !== method || !request.url?.includes(part) || left === 0) return undefined;
    left -= 1;
    return fault;
  };
}

const is = (code: ErrorCode) => (error: unknown) => {
  assert.ok(isFailure(error, code), `${error}`);
  return true;
};

test('a stream that is cut or stands still goes on where it was', { skip }, async t => {
  const { proxy, storage } = await open(t, { limits: IMPATIENT });
  const body = randomBytes(MB);
  await storage.put('a', body);
  for (const fault of [{ cut_after: 300_000 }, { stall_after: 300_000 }, { cut_after: 0 }]) {
    proxy.fault = first(2, 'GET', fault);
    assert.deepEqual(await collect(await storage.get('a')), body, JSON.stringify(fault));
    proxy.fault = first(2, 'GET', fault);
    assert.deepEqual(await storage.range('a', 1000, 900_000), body.subarray(1000, 901_000));
  }
});

test('what is sent again is only what is missing', { skip }, async t => {
  const { proxy, storage } = await open(t);
  await storage.put('a', randomBytes(MB));
  const ranges: (string | undefined)[] = [];
  const cut = first(1, 'GET', { cut_after: 300_000 });
  proxy.fault = (request, count) => {
    ranges.push(request.headers.range);
    return cut(request, count);
  };
  await collect(await storage.get('a'));
  assert.equal(ranges[0], undefined);
  const [, from] = /^bytes=(\d+)-1048575$/.exec(ranges[1] ?? '') ?? [];
  assert.ok(Number(from) > 0 && Number(from) <= 300_000, ranges[1]);
});

test('a stream that always breaks is an error after a few tries, never a short object', { skip }, async t => {
  const { proxy, storage } = await open(t);
  await storage.put('a', randomBytes(MB));
  proxy.fault = first(Number.POSITIVE_INFINITY, 'GET', { cut_after: 1000 });
  proxy.asked.length = 0;
  await assert.rejects(storage.get('a').then(collect), is('storage.unreachable'));
  await assert.rejects(storage.range('a', 0, MB), is('storage.unreachable'));
  assert.equal(proxy.asked.length, 2 * LIMITS.attempts);
});

test('an object that changed while its stream was broken is not sewn together', { skip }, async t => {
  const { server, proxy, storage } = await open(t);
  const straight = await openS3Storage(server.options());
  await storage.put('a', Buffer.alloc(MB, 1));
  proxy.fault = first(1, 'GET', { cut_after: 300_000 });
  const stream = await storage.get('a');
  await straight.put('a', Buffer.alloc(MB, 2));
  await assert.rejects(collect(stream), is('storage.failed'));
});

test('a storage that lies about lengths and parts is not believed', { skip }, async t => {
  const { proxy, storage } = await open(t, { limits: IMPATIENT });
  const body = randomBytes(1000);
  await storage.put('a', body);
  // Less than the range says: what is missing is fetched.
  proxy.fault = first(1, 'GET', { announce: 10 });
  assert.deepEqual(await storage.range('a', 0, 1000), body);
  proxy.fault = first(Number.POSITIVE_INFINITY, 'GET', { announce: 10 });
  await assert.rejects(storage.range('a', 5, 900), is('storage.unreachable'));
  // More than comes: the connection ends before.
  proxy.fault = first(Number.POSITIVE_INFINITY, 'GET', { announce: 2000 });
  await assert.rejects(storage.get('a').then(collect), is('storage.unreachable'));
  proxy.fault = first(1, 'GET', { announce: 2000 });
  await assert.rejects(storage.get('a').then(collect), is('storage.short'));
  // No word on which part this is.
  proxy.fault = first(1, 'GET', { without: ['content-range'] });
  await assert.rejects(storage.range('a', 5, 10), is('storage.failed'));
});

test('a byte that changed on the way is found by the checksum', { skip }, async t => {
  const { proxy, storage } = await open(t);
  const isDamaged = (error: unknown) => {
    assert.ok(isFailure(error, 'storage.failed') && /checksum/i.test(error.message), `${error}`);
    return true;
  };
  for (const bytes of [1000, MB]) {
    const body = randomBytes(bytes);
    await storage.put('a', body);
    // A large one has been handed on when it shows; nobody may take that for the object.
    proxy.fault = () => ({ corrupt: 500 });
    await assert.rejects(storage.get('a').then(collect), isDamaged);
    proxy.fault = () => undefined;
    assert.deepEqual(await collect(await storage.get('a')), body);
  }
});

test('a storage that is overloaded is asked again, a few times', { skip }, async t => {
  const { proxy, storage } = await open(t);
  for (const fault of [
    { answer: 503, code: 'SlowDown' },
    { answer: 500, code: 'InternalError' },
    'refuse' as const,
  ]) {
    proxy.fault = first(2, 'PUT', fault);
    await storage.put('a', Buffer.from('x'));
    assert.equal(await storage.size('a'), 1);
  }
  proxy.fault = () => ({ answer: 503, code: 'SlowDown' });
  proxy.asked.length = 0;
  await assert.rejects(storage.put('b', Buffer.from('x')), is('storage.busy'));
  assert.equal(proxy.asked.length, LIMITS.attempts);
  await assert.rejects(storage.list(''), is('storage.busy'));
  await assert.rejects(storage.delete('a'), is('storage.busy'));
});

test('a storage that says nothing is given up', { skip }, async t => {
  const { proxy, storage } = await open(t, { limits: { ...IMPATIENT, attempts: 2 } });
  proxy.fault = () => 'hang';
  await assert.rejects(storage.size('a'), is('storage.unreachable'));
  await assert.rejects(storage.put('a', Buffer.from('x')), is('storage.unreachable'));
});

test('all requests together have a budget of tries', { skip }, async t => {
  const { proxy, storage } = await open(t);
  proxy.fault = () => 'refuse';
  const before = 200;
  await Promise.allSettled(Array.from({ length: before }, (_, at) => storage.size(`k${at}`)));
  // Each alone would have asked three times.
  assert.ok(proxy.asked.length < before * 2, `${proxy.asked.length} requests`);
});

test('an answer that is lost changes nothing: the put is made again', { skip }, async t => {
  const { proxy, storage } = await open(t);
  proxy.fault = first(1, 'PUT', 'lose_answer');
  await storage.put('a', Buffer.from('x'));
  assert.deepEqual(await keysOf(storage, ''), ['a']);
  // As the contract says: the winner may hear that somebody was there before.
  proxy.fault = first(1, 'PUT', 'lose_answer');
  await assert.rejects(storage.put('b', Buffer.from('x'), { if_absent: true }), is('storage.exists'));
  assert.equal(await storage.size('b'), 1);
});

const CASES: readonly [ErrorCode, number, string][] = [
  ['storage.credentials', 403, 'InvalidAccessKeyId'],
  ['storage.credentials', 403, 'SignatureDoesNotMatch'],
  ['storage.credentials', 400, 'ExpiredToken'],
  ['storage.credentials', 400, 'InvalidToken'],
  ['storage.credentials', 403, 'RequestTimeTooSkewed'],
  ['storage.denied', 403, 'AccessDenied'],
  ['storage.denied', 403, 'AllAccessDisabled'],
  ['storage.no_bucket', 404, 'NoSuchBucket'],
  ['storage.full', 507, 'XMinioStorageFull'],
  ['storage.full', 400, 'QuotaExceeded'],
  ['storage.busy', 429, 'TooManyRequests'],
  ['storage.unreachable', 502, 'BadGateway'],
  ['storage.failed', 400, 'SomethingOdd'],
];

test('what a service refuses is said in words', { skip }, async t => {
  const { proxy, storage } = await open(t, { limits: { ...LIMITS, attempts: 1 } });
  const file = join(scratchFolder(t), 'file');
  writeFileSync(file, 'x');
  for (const [code, status, name] of CASES) {
    proxy.fault = () => ({ answer: status, code: name });
    const said = (error: unknown) => isFailure(error, code) || assert.fail(`${name}: ${error}`);
    await assert.rejects(storage.put('a', Buffer.from('x')), said);
    await assert.rejects(storage.adopt(file, 'a'), said);
    await assert.rejects(storage.get('a'), said);
    await assert.rejects(storage.range('a', 0, 1), said);
    await assert.rejects(storage.list(''), said);
    await assert.rejects(storage.delete(['a', 'b']), said);
    // Without a body to say that it is the bucket.
    if (status === 404) assert.equal(await storage.size('a'), undefined);
    else await assert.rejects(storage.size('a'), said);
  }
});

test('wrong credentials, a wrong bucket and nobody at the address are told apart', { skip }, async t => {
  const { server } = await open(t);
  const refusal = async (more: Partial<S3Options>) => {
    const storage = await openS3Storage(server.options({ limits: { ...LIMITS, attempts: 1 }, ...more }));
    return storage.put('a', Buffer.from('x')).then(
      () => 'no error',
      error => (isFailure(error) ? error.code : `${error}`),
    );
  };
  const key = (access_key: string, secret_key: string) => ({
    credentials: { access_key, secret_key, session_token: null },
  });
  assert.equal(await refusal(key('nobody', 'testtest')), 'storage.credentials');
  assert.equal(await refusal(key('test', 'wrong')), 'storage.credentials');
  const wrong = await openS3Storage(server.options(key('test', 'wrong')));
  await assert.rejects(wrong.size('a'), is('storage.credentials'));
  assert.equal(await refusal({ url: 's3://no-such-bucket' }), 'storage.no_bucket');
  assert.equal(await refusal({ endpoint: 'http://127.0.0.1:1' }), 'storage.unreachable');
  assert.equal(await refusal({ endpoint: 'http://nobody.invalid' }), 'storage.unreachable');
});

async function uploadsOf({ client, bucket }: S3Server): Promise<number> {
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
  return Uploads.length;
}

test('an upload in parts: what fails is sent again, and what cannot be sent leaves no part', {
  skip,
}, async t => {
  const { server, proxy, storage } = await open(t);
  const body = randomBytes(23 * MB);
  const isPart = (request: IncomingMessage) => /[?&]partNumber=/.test(request.url ?? '');

  proxy.fault = first(2, 'PUT', { answer: 503, code: 'SlowDown' }, 'partNumber=3');
  assert.deepEqual(await storage.put('whole', body), { bytes: body.length });
  assert.ok((await collect(await storage.get('whole'))).equals(body));

  proxy.fault = request => (isPart(request) && /partNumber=4/.test(request.url ?? '') ? 'refuse' : undefined);
  await assert.rejects(storage.put('broken', body), is('storage.unreachable'));
  assert.equal(await storage.size('broken'), undefined);
  assert.equal(await uploadsOf(server), 0);

  proxy.fault = () => undefined;
  const source = async function* () {
    yield body.subarray(0, 12 * MB);
    throw new Error('the source broke');
  };
  await assert.rejects(storage.put('broken', source()), /the source broke/);
  assert.equal(await uploadsOf(server), 0);
  assert.deepEqual(await keysOf(storage, ''), ['whole']);
});

test('services that cannot delete many at once are asked one by one', { skip }, async t => {
  const { proxy, storage } = await open(t);
  for (const key of ['a', 'b', 'c']) await storage.put(key, Buffer.from(key));
  proxy.fault = request => (request.method === 'POST' ? { answer: 501, code: 'NotImplemented' } : undefined);
  await storage.delete(['a', 'b', 'none']);
  assert.deepEqual(await keysOf(storage, ''), ['c']);
});

test('an authority of one’s own is believed when it is named', { skip }, async t => {
  const server = await s3Server(t);
  const certificate = makeCertificate();
  const { endpoint } = await openS3Proxy(t, server.port, certificate);
  const limits = { ...LIMITS, attempts: 1 };
  const trusting = await openS3Storage(server.options({ endpoint, ca: certificate.cert, limits }));
  await trusting.put('a', Buffer.from('x'));
  assert.equal(await trusting.size('a'), 1);
  const stranger = await openS3Storage(server.options({ endpoint, limits }));
  await assert.rejects(stranger.size('a'), error => {
    assert.ok(isFailure(error, 'storage.unreachable') && /certificate/.test(error.message), `${error}`);
    return true;
  });
});

test('credentials are looked for where AWS programs keep them, only when that is asked for', {
  skip,
}, async t => {
  const server = await s3Server(t);
  const before = { ...process.env };
  t.after(() => {
    process.env = before;
  });
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'testtest' });
  const chained = await openS3Storage(server.options({ credentials: 'aws_chain' }));
  await chained.put('a', Buffer.from('x'));
  const credentials = { access_key: 'test', secret_key: 'wrong', session_token: null };
  const own = await openS3Storage(server.options({ credentials, limits: LIMITS }));
  await assert.rejects(own.put('a', Buffer.from('x')), is('storage.credentials'));
  process.env.AWS_SECRET_ACCESS_KEY = 'wrong';
  const strangers = await openS3Storage(server.options({ credentials: 'aws_chain', limits: LIMITS }));
  await assert.rejects(strangers.put('a', Buffer.from('x')), is('storage.credentials'));
});

test('a proxy of the company is the way out', { skip }, async t => {
  const server = await s3Server(t);
  const certificate = makeCertificate(['s3.far.test']);
  const tls = await openS3Proxy(t, server.port, certificate);
  const forward = await openForwardProxy(t, Number(new URL(tls.endpoint).port));
  const storage = await openS3Storage(
    server.options({
      endpoint: 'https://s3.far.test',
      ca: certificate.cert,
      proxies: { http: '', https: forward.url, no_proxy: '' },
      limits: LIMITS,
    }),
  );
  await storage.put('a', Buffer.from('x'));
  assert.deepEqual(new Set(forward.asked), new Set(['s3.far.test:443']));
  assert.ok(tls.asked.length > 0);
});
