// How fast a log of a million lines is written, packed, paged, searched and downloaded, and how many bytes it takes.
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openStore, type Store } from '../src/base/db/index.ts';
import { systemClock } from '../src/base/kit/clock.ts';
import { newId } from '../src/base/kit/ids.ts';
import { openLog } from '../src/base/kit/log.ts';
import { createRedactor } from '../src/base/kit/redact.ts';
import { openFolderStorage, type Storage } from '../src/base/storage/index.ts';
import type { Call } from '../src/contract/route.ts';
import { type LogLine, runRoutes } from '../src/contract/runs.ts';
import {
  type LogHandlers,
  logHandlers,
  openLogWriter,
  packLogs,
  type RawLine,
} from '../src/domains/runs/logs/index.ts';
import { endAttempt, type PlantedAttempt, plantAttempt, plantWorkspace } from '../tests/support/attempts.ts';
import type { Measure, Result } from './result.ts';

const LINES = 1_000_000;
/** Of one message from a runner. */
const BATCH = 500;
const PAGES = 100;
const PAGE = 500;
const MB = 1024 * 1024;

export default async function run(): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'moulin-bench-'));
  // When root runs this, PostgreSQL runs as somebody else and must get through.
  await chmod(folder, 0o711);
  const store = await openStore({
    embedded: { folder: join(folder, 'store'), log_file: join(folder, 'log') },
  });
  try {
    const storage = await openFolderStorage(join(folder, 'objects'));
    const ref = await plantAttempt(store, await plantWorkspace(store));
    const { handlers, close } = logHandlers({ store, storage, clock: systemClock, days: 30 });
    const rows = [
      ...(await measureWriting(store, ref)),
      ...(await measureTail(handlers, ref)),
      ...(await measureReading('unpacked', handlers, ref)),
      ...(await measurePacking(store, storage)),
      ...(await measureReading('packed', handlers, ref)),
      ...(await measureSearch(handlers, ref)),
      ...(await measureDownload(handlers, ref)),
    ];
    close();
    return { title: `A log of ${LINES} lines`, rows };
  } finally {
    await store.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function lineOf(n: number): RawLine {
  const is_bad = n % 1000 === 7;
  return {
    level: is_bad ? 'error' : 'info',
    stream: 'stdout',
    text: `${is_bad ? 'could not read' : 'copied'} part ${n} of orders (customer ${(n * 7919) % 100_003}, ${(n * 31) % 977} rows)`,
    fields: n % 10 === 0 ? { rows: (n * 31) % 977, table: 'orders' } : null,
  };
}

async function measureWriting(store: Store, ref: PlantedAttempt): Promise<Measure[]> {
  const { log } = openLog({ level: 'fatal', format: 'json', clock: systemClock, redact: text => text });
  const redactor = createRedactor();
  for (let count = 0; count < 10; count += 1) redactor.add(`a secret of the task ${newId()}`);
  const writer = openLogWriter({ store, clock: systemClock, log });
  const attempt = writer.attempt(ref, redactor.redact);
  const cpu = process.cpuUsage();
  let longest = 0;
  const [, ms] = await timed(async () => {
    for (let n = 0; n < LINES; n += BATCH) {
      const lines = Array.from({ length: BATCH }, (_, at) => lineOf(n + at));
      const begun = performance.now();
      const may = attempt.write(lines);
      longest = Math.max(longest, performance.now() - begun);
      // As messages come: the event loop turns between them.
      await (may ? delay(0) : attempt.ready());
    }
    await attempt.close();
  });
  const { user, system } = process.cpuUsage(cpu);
  await writer.close();
  await endAttempt(store, ref, attempt.totals());
  return [
    {
      what: 'write, masked and durable',
      value: LINES / (ms / 1000),
      unit: 'lines/s',
      better: 'higher',
      goal: 40_000,
    },
    {
      what: 'write, processor time of the worker',
      value: (user + system) / 1000 / (LINES / 1000),
      unit: 'µs/line',
      better: 'lower',
    },
    {
      what: `write, longest hold of the event loop for ${BATCH} lines`,
      value: longest,
      unit: 'ms',
      better: 'lower',
    },
    { what: 'write, dropped', value: attempt.totals().dropped, unit: '', better: 'lower', goal: 0 },
    { what: 'text and fields', value: attempt.totals().bytes / MB, unit: 'MB', better: 'lower' },
  ];
}

async function measurePacking(store: Store, storage: Storage): Promise<Measure[]> {
  const [report, ms] = await timed(() =>
    packLogs({ store, storage, now: Date.now }, { settle_seconds: 0, worthwhile_bytes: 0 }),
  );
  return [
    { what: 'pack', value: ms / 1000, unit: 's', better: 'lower' },
    { what: 'pack, pieces before', value: report.pieces, unit: '', better: 'lower' },
    { what: 'pack, objects', value: report.objects, unit: '', better: 'lower' },
    { what: 'stored', value: report.bytes / MB, unit: 'MB', better: 'lower' },
    { what: 'stored, bytes of a line', value: report.bytes / LINES, unit: 'B', better: 'lower' },
  ];
}

async function measureReading(
  name: string,
  handlers: LogHandlers['handlers'],
  ref: PlantedAttempt,
): Promise<Measure[]> {
  const times: number[] = [];
  for (let count = 0; count < PAGES; count += 1) {
    const from = Math.floor(((count * 0.618) % 1) * LINES);
    const [, ms] = await timed(() => page(handlers, ref, { from, limit: PAGE }));
    times.push(ms);
  }
  const [, errors_ms] = await timed(() =>
    page(handlers, ref, { level: 'error', from: LINES / 2, limit: PAGE }),
  );
  return [
    {
      what: `page of ${PAGE} anywhere, ${name}, p50`,
      value: quantile(times, 0.5),
      unit: 'ms',
      better: 'lower',
    },
    {
      what: `page of ${PAGE} anywhere, ${name}, p99`,
      value: quantile(times, 0.99),
      unit: 'ms',
      better: 'lower',
      goal: 100,
    },
    {
      what: `${PAGE} errors among ${LINES / 2} lines, ${name}`,
      value: errors_ms,
      unit: 'ms',
      better: 'lower',
    },
  ];
}

async function measureSearch(handlers: LogHandlers['handlers'], ref: PlantedAttempt): Promise<Measure[]> {
  let pages = 0;
  let found = 0;
  const [, ms] = await timed(async () => {
    for (let from: number | null = 0; from !== null; pages += 1) {
      const answer: Awaited<ReturnType<typeof page>> = await page(handlers, ref, {
        from,
        search: 'part \\d*99999 ',
        limit: PAGE,
      });
      found += answer.items.length;
      from = answer.next;
    }
  });
  const [, first_ms] = await timed(() => page(handlers, ref, { search: 'part 500 ', limit: 1 }));
  return [
    {
      what: `search through all (${found} found, ${pages} pages)`,
      value: ms / 1000,
      unit: 's',
      better: 'lower',
    },
    { what: 'search, found near the beginning', value: first_ms, unit: 'ms', better: 'lower' },
  ];
}

async function measureTail(handlers: LogHandlers['handlers'], ref: PlantedAttempt): Promise<Measure[]> {
  const [, ms] = await timed(async () => {
    const call: Call<(typeof runRoutes)['logs.tail']> = {
      ...callBy(ref),
      query: runRoutes['logs.tail'].query.parse({}),
      headers: {},
    };
    await drain((await handlers['logs.tail'](call)).body);
  });
  return [
    { what: 'tail from the first line', value: LINES / (ms / 1000), unit: 'lines/s', better: 'higher' },
  ];
}

async function measureDownload(handlers: LogHandlers['handlers'], ref: PlantedAttempt): Promise<Measure[]> {
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  let most = before;
  const [bytes, ms] = await timed(async () => {
    const call: Call<(typeof runRoutes)['logs.download']> = {
      ...callBy(ref),
      query: runRoutes['logs.download'].query.parse({}),
      headers: undefined,
    };
    return drain((await handlers['logs.download'](call)).body, () => {
      most = Math.max(most, process.memoryUsage().rss);
    });
  });
  return [
    { what: 'download as text', value: bytes / MB / (ms / 1000), unit: 'MB/s', better: 'higher' },
    { what: 'download, memory on top', value: (most - before) / MB, unit: 'MB', better: 'lower' },
  ];
}

async function drain(body: AsyncIterable<string | Uint8Array>, seen: () => void = () => {}): Promise<number> {
  let bytes = 0;
  for await (const piece of body) {
    bytes += Buffer.byteLength(piece);
    seen();
  }
  return bytes;
}

function page(
  handlers: LogHandlers['handlers'],
  ref: PlantedAttempt,
  query: object,
): Promise<{ items: LogLine[]; next: number | null }> {
  const call: Call<(typeof runRoutes)['logs.page']> = {
    ...callBy(ref),
    query: runRoutes['logs.page'].query.parse(query),
    headers: undefined,
  };
  return handlers['logs.page'](call);
}

function callBy({ workspace_id, task_id }: PlantedAttempt) {
  return {
    params: { id: task_id },
    body: undefined,
    bytes: undefined,
    workspace_id,
    version: 0,
    origin: { request_id: '', ip: '', user_agent: '' },
    session: { start() {}, end() {} },
    browser: { recall: () => undefined, keep() {}, forget() {} },
    redirect() {},
    recheck: async () => {},
    signal: new AbortController().signal,
    principal: { kind: 'person' as const, id: newId(), name: 'bench', instance_rights: [], scopes: [] },
  };
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

async function timed<T>(work: () => Promise<T>): Promise<[T, number]> {
  const begun = performance.now();
  const answer = await work();
  return [answer, performance.now() - begun];
}
