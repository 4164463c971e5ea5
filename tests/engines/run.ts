import { test } from 'node:test';
import { openCatalogProxy } from '../support/catalog-proxy.ts';
import { enginesAbsence } from '../support/python.ts';
import type { Engine, Session, TableName } from './engine.ts';
import { FAULT_CHECKS, FAULTS, runFault } from './faults.ts';
import { type EngineLake, openEngineLake } from './lake.ts';
import { CHECKS, type Check, lackOf } from './matrix.ts';

/** Every check of the matrix, on a server and a session of the engine that all of them share. */
export function testEngine(engine: Engine, absence: string | false = enginesAbsence()): void {
  test(`${engine.name} on a local folder`, { skip: absence }, async t => {
    const lake = await openEngineLake(t);
    const session = await engine.open(lake.place);
    t.after(() => session.close());
    for (const [at, check] of CHECKS.entries())
      await t.test(check.title, { skip: lackOf(engine, check) ?? false }, () =>
        runCheck(check, lake, session, `t${at}`),
      );
  });
}

/** A network that loses answers between the engine and the catalog. */
export function testFaults(engine: Engine, absence: string | false = enginesAbsence()): void {
  test(`${engine.name}, when answers get lost`, { skip: absence }, async t => {
    const { ours, place, url } = await openEngineLake(t);
    const proxy = await openCatalogProxy(t, url);
    const opened = await engine.open({ ...place, uri: `${proxy.url}/iceberg` });
    t.after(() => opened.close());
    const session = whole(opened);
    for (const [at, check] of FAULT_CHECKS.entries())
      for (const fault of FAULTS)
        await t.test(
          `${check.operation}, ${fault}`,
          { skip: engine.lacks[check.operation] ?? false },
          async one => {
            const table = { namespace: ours.namespace, name: `f${at}_${fault}` };
            const said = await runFault(check, fault, { session, ours, table }, proxy.break);
            one.diagnostic(said ?? 'content');
          },
        );
  });
}

async function runCheck(check: Check, { ours }: EngineLake, session: Session, name: string): Promise<void> {
  const table: TableName = { namespace: ours.namespace, name };
  await check.run(whole(session), ours, table);
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
