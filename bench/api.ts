// How fast the API answers: 200 requests a second of mixed reads and writes, and as many as it can.
import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { newInstallation } from '../tests/cli/installation.ts';
import type { Measure, Result } from './result.ts';

// The load comes from this process, the server is another one, started as people start it. The first part is an open loop:
// requests leave by the clock whether or not earlier ones were answered, and each is timed from the moment it was due, so
// that a server that stands still for a second pays for all that were due in it.

const RATE = 200;
const WARM_UP_SECONDS = 5;
const SECONDS = 30;
const CLOSED_SECONDS = 10;
const CONNECTIONS = 32;

export default async function run(): Promise<Result> {
  const undo: (() => Promise<void>)[] = [];
  try {
    const installation = await newInstallation({ after: one => void undo.unshift(one) });
    const { url } = await installation.start();
    const { token } = await installation.json<{ token: string }>(
      'token',
      'add',
      '--role',
      'admin',
      '--name',
      'bench',
    );
    const send = await openLoad(url, token);
    await openLoop(send, WARM_UP_SECONDS);
    const paced = await openLoop(send, SECONDS);
    const flat_out = await closedLoop(send);
    return {
      title: `API on two cores, ${RATE} requests/s for ${SECONDS} s`,
      rows: [...pacedRows(paced), ...flatOutRows(flat_out)],
    };
  } finally {
    for (const one of undo) await one();
  }
}

interface Answered {
  kind: 'read' | 'write';
  ms: number;
  failed: boolean;
}

type Send = () => Promise<Omit<Answered, 'ms'>>;

/** One in five is a write: what people do when they work, not when they look. */
async function openLoad(url: string, token: string): Promise<Send> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 256 });
  const call = (method: string, path: string, body?: object, headers: object = {}) =>
    request(agent, `${url}/api/v1${path}`, method, { authorization: `Bearer ${token}`, ...headers }, body);
  const { id } = JSON.parse(
    (await call('POST', '/service-accounts', { name: 'bench target', role: 'viewer' })).text,
  );
  const reads = [
    '/me',
    '/workspace',
    '/members',
    '/service-accounts?limit=50',
    '/tokens',
    '/audit?limit=50',
    `/service-accounts/${id}`,
    '/events/list?limit=50',
  ];
  let count = 0;
  return async () => {
    count += 1;
    if (count % 5 !== 0)
      return {
        kind: 'read',
        failed: (await call('GET', reads[count % reads.length] ?? '/me')).status !== 200,
      };
    if (count % 10 === 0) {
      const body = { name: `bench ${count} ${Date.now()}`, role: 'viewer' };
      const answer = await call('POST', '/service-accounts', body, {
        'idempotency-key': `bench-${count}-${Date.now()}`,
      });
      return { kind: 'write', failed: answer.status !== 201 };
    }
    const answer = await call('POST', `/service-accounts/${id}/tokens`, { name: `t${count}` });
    return { kind: 'write', failed: answer.status !== 201 };
  };
}

async function openLoop(send: Send, seconds: number): Promise<Answered[]> {
  const answers: Promise<Answered>[] = [];
  const begun = performance.now();
  for (let n = 0; n < RATE * seconds; n += 1) {
    const due = begun + (n * 1000) / RATE;
    const early = due - performance.now();
    if (early > 1) await delay(early);
    answers.push(timed(send, due));
  }
  return Promise.all(answers);
}

async function closedLoop(send: Send): Promise<Answered[]> {
  const answers: Answered[] = [];
  const end = performance.now() + CLOSED_SECONDS * 1000;
  const one = async () => {
    while (performance.now() < end) answers.push(await timed(send, performance.now()));
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, one));
  return answers;
}

async function timed(send: Send, due: number): Promise<Answered> {
  const answer = await send().catch(() => ({ kind: 'read' as const, failed: true }));
  return { ...answer, ms: performance.now() - due };
}

function pacedRows(answers: readonly Answered[]): Measure[] {
  const ms = { unit: 'ms', better: 'lower' } as const;
  const of = (kind?: Answered['kind']) =>
    answers.filter(answer => kind === undefined || answer.kind === kind);
  return [
    { what: 'all, p50', value: percentile(of(), 0.5), ...ms },
    { what: 'all, p99', value: percentile(of(), 0.99), goal: 50, ...ms },
    { what: 'reads, p99', value: percentile(of('read'), 0.99), ...ms },
    { what: 'writes, p50', value: percentile(of('write'), 0.5), ...ms },
    { what: 'writes, p99', value: percentile(of('write'), 0.99), ...ms },
    { what: 'slowest', value: percentile(of(), 1), ...ms },
    { what: 'errors', value: failures(answers), unit: '', better: 'lower', goal: 0 },
  ];
}

function flatOutRows(answers: readonly Answered[]): Measure[] {
  return [
    { what: 'flat out, requests', value: answers.length / CLOSED_SECONDS, unit: '1/s', better: 'higher' },
    { what: 'flat out, p99', value: percentile(answers, 0.99), unit: 'ms', better: 'lower' },
    { what: 'flat out, errors', value: failures(answers), unit: '', better: 'lower', goal: 0 },
  ];
}

function percentile(answers: readonly Answered[], share: number): number {
  const sorted = answers.map(({ ms }) => ms).sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

function failures(answers: readonly Answered[]): number {
  return answers.filter(({ failed }) => failed).length;
}

/** Node's own client: `fetch` would cost this process more than the answer costs the server. */
function request(
  agent: http.Agent,
  url: string,
  method: string,
  headers: http.OutgoingHttpHeaders,
  body?: object,
): Promise<{ status: number; text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>();
  const payload = body === undefined ? undefined : JSON.stringify(body);
  const type =
    payload === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) };
  const sent = http.request(url, { agent, method, headers: { ...headers, ...type } }, response => {
    const chunks: Buffer[] = [];
    response.on('data', chunk => chunks.push(chunk));
    response.on('end', () =>
      resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
    );
    response.on('error', reject);
  });
  sent.on('error', reject);
  sent.end(payload);
  return promise;
}
