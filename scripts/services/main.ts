import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { serviceOf, services } from './catalogue.ts';
import { CACHE, folderOf, isObtained, obtainOnce } from './place.ts';
import { isAlive, logOf, type Started, startDetached, stop } from './process.ts';
import type { Service } from './service.ts';

// npm run services -- list | obtain NAME… | start NAME | stop NAME
// Real servers to try something against; tests start their own (tests/support/services.ts).

const startedSchema = z.object({
  pid: z.number().int().positive(),
  port: z.number().int(),
  data: z.string(),
});

async function list(): Promise<void> {
  for (const service of services) {
    const running = await runningOf(service);
    const state = running
      ? `runs on 127.0.0.1:${running.port}`
      : isObtained(service)
        ? 'obtained'
        : 'not obtained';
    console.log(`${service.name.padEnd(12)} ${state.padEnd(24)} ${service.what}`);
  }
}

async function obtain(service: Service): Promise<void> {
  if (!isObtained(service)) console.log(`${service.name}: ${service.cost} …`);
  await obtainOnce(service, folder => service.obtain(folder));
  console.log(`${service.name} is in ${folderOf(service)}`);
}

async function start(service: Service): Promise<void> {
  const before = await runningOf(service);
  if (!before) await obtain(service);
  const running =
    before ?? (await startDetached(service, mkdtempSync(join(tmpdir(), `moulin-${service.name}-`))));
  mkdirSync(join(CACHE, 'running'), { recursive: true });
  writeFileSync(recordOf(service), JSON.stringify(running));
  console.log(
    `${service.name} ${before ? 'runs already' : 'runs'} (process ${running.pid}, log ${logOf(running.data)})`,
  );
  for (const [name, value] of Object.entries(service.environment(running)))
    console.log(`export ${name}=${value}`);
}

async function end(service: Service): Promise<void> {
  const running = await runningOf(service);
  if (running) {
    await stop(running.pid);
    rmSync(running.data, { recursive: true, force: true });
  }
  rmSync(recordOf(service), { force: true });
  console.log(running ? `${service.name} has stopped` : `${service.name} does not run`);
}

/** A process id may have come back as somebody else's: one whose address does not answer is not ours to end. */
async function runningOf(service: Service): Promise<Started | undefined> {
  if (!existsSync(recordOf(service))) return undefined;
  const read = startedSchema.safeParse(JSON.parse(readFileSync(recordOf(service), 'utf8')));
  if (!read.success || !isAlive(read.data.pid)) return undefined;
  return (await service.isReady(read.data).catch(() => false)) ? read.data : undefined;
}

function recordOf({ name }: Service): string {
  return join(CACHE, 'running', `${name}.json`);
}

const [verb = 'list', ...names] = process.argv.slice(2);
const verbs: Readonly<Record<string, (service: Service) => Promise<void>>> = { obtain, start, stop: end };
try {
  if (verb === 'list') await list();
  else if (verbs[verb] === undefined || names.length === 0)
    throw new Error('Say what: npm run services -- list | obtain NAME… | start NAME… | stop NAME…');
  else for (const name of names) await verbs[verb](serviceOf(name));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
