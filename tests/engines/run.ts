import { after, type TestContext, test } from 'node:test';
import { S3_ACCESS_KEY, S3_SECRET_KEY } from '../../scripts/services/s3.ts';
import { openS3Storage } from '../../src/base/storage/index.ts';
import { openCatalogProxy } from '../support/catalog-proxy.ts';
import { enginesAbsence } from '../support/python.ts';
import { s3Server, serviceAbsence } from '../support/services.ts';
import type { Engine, Session } from './engine.ts';
import { FAULT_CHECKS, FAULTS, runFault } from './faults.ts';
import { openEngineLake } from './lake.ts';
import { CHECKS, lackOf } from './matrix.ts';
import { settleRecord } from './record.ts';

/** Every check of the matrix on each storage, and every fault; one server and one session of the engine for each of the three. */
export function testEngine(engine: Engine, absence: string | false = enginesAbsence()): void {
  testChecks(engine, 'folder', absence);
  testChecks(engine, 's3', absence || serviceAbsence('versitygw'));
  if (engine.takes_keys) testKeys(engine, absence || serviceAbsence('minio'));
  testFaults(engine, absence);
  after(() => engine.end?.());
}

/** An engine that has no keys gets temporary ones from the catalog, for the table at hand. */
function testKeys(engine: Engine, skip: string | false): void {
  test(`${engine.name} on S3, with keys of the catalog`, { skip }, async t => {
    const server = await s3Server(t, 'minio');
    const role = 'arn:aws:iam::000000000000:role/lake';
    const storage = await openS3Storage(server.options({ sts: { role, endpoint: null } }));
    const { ours, place } = await openEngineLake(t, {
      storage,
      s3: { endpoint: server.endpoint, region: 'us-east-1' },
    });
    const opened = await engine.open(place);
    t.after(() => opened.close());
    for (const title of ['append to ours', 'create and fill', 'delete'])
      await t.test(title, async () => {
        const check = CHECKS.find(one => one.title === title);
        const name = `keys_${title.replaceAll(' ', '_')}`;
        await check?.run(whole(opened), ours, { namespace: ours.namespace, name });
      });
  });
}

function testChecks(engine: Engine, storage: 'folder' | 's3', skip: string | false): void {
  const where = storage === 's3' ? 'on S3' : 'on a local folder';
  test(`${engine.name} ${where}`, { skip }, async t => {
    const lake = await openEngineLake(t, storage === 's3' ? await openS3(t) : {});
    const opened = await engine.open(lake.place);
    t.after(() => opened.close());
    const session = whole(opened);
    const checks: Record<string, string> = {};
    for (const [at, check] of CHECKS.entries()) {
      const lack = lackOf(engine, check);
      const key = `${check.title} | ${storage}`;
      checks[key] = lack === undefined ? 'yes' : `no: ${lack}`;
      await t.test(check.title, { skip: lack ?? false }, async () => {
        try {
          await check.run(session, lake.ours, { namespace: lake.ours.namespace, name: `t${at}` });
        } catch (error) {
          checks[key] = 'failed';
          throw error;
        }
      });
    }
    // A failure is told by its own test, and is nothing to record.
    if (!Object.values(checks).includes('failed'))
      settleRecord(engine.name, { version: opened.version, checks });
  });
}

/** A network that loses answers between the engine and the catalog. */
function testFaults(engine: Engine, skip: string | false): void {
  test(`${engine.name}, when answers get lost`, { skip }, async t => {
    const { ours, place, url } = await openEngineLake(t);
    const proxy = await openCatalogProxy(t, url);
    const opened = await engine.open({ ...place, uri: `${proxy.url}/iceberg` });
    t.after(() => opened.close());
    const session = whole(opened);
    const faults: Record<string, string> = {};
    let asked = 0;
    for (const [at, check] of FAULT_CHECKS.entries())
      for (const fault of FAULTS) {
        const title = `${check.operation}, ${fault}`;
        await t.test(title, { skip: engine.lacks[check.operation] ?? false }, async one => {
          const table = { namespace: ours.namespace, name: `f${at}_${fault}` };
          asked += 1;
          const said = await runFault(check, fault, { session, ours, table }, proxy);
          faults[title] = said === undefined ? 'succeeds' : 'reports an error';
          one.diagnostic(said ?? 'succeeds');
        });
      }
    if (Object.keys(faults).length === asked) settleRecord(engine.name, { version: opened.version, faults });
  });
}

async function openS3(t: TestContext) {
  const server = await s3Server(t);
  const storage = await openS3Storage(server.options());
  const { endpoint } = server;
  const keys = { access: S3_ACCESS_KEY, secret: S3_SECRET_KEY };
  return { storage, s3: { endpoint, region: 'us-east-1', keys } };
}

/** What it lacks was said by `lacks`, and is not asked for. */
function whole(session: Session): Required<Session> {
  return new Proxy(session, {
    get(target, name, receiver) {
      const found: unknown = Reflect.get(target, name, receiver);
      if (found === undefined) throw new Error(`the engine has no ${String(name)}, and does not say why`);
      return found;
    },
  }) as Required<Session>;
}
