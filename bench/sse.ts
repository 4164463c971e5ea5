// How soon a thousand event streams tell a change, while half of their clients never read.
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from '../src/contract/client.ts';
import { newInstallation } from '../tests/cli/installation.ts';
import type { Result } from './result.ts';

const READERS = 500;
const SLEEPERS = 500;
/** Below the number of streams that one caller may hold. */
const STREAMS_PER_TOKEN = 20;
const CHANGES = 20;

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
    const client = createClient({ base_url: url, headers: () => ({ authorization: `Bearer ${token}` }) });
    const tokens = await makeTokens(client, (READERS + SLEEPERS) / STREAMS_PER_TOKEN);

    const begun = performance.now();
    const sockets = await openAll(url, tokens);
    const opened_ms = performance.now() - begun;
    undo.unshift(async () => {
      for (const socket of [...sockets.readers, ...sockets.sleepers]) socket.destroy();
    });
    const times = await measure(client, sockets.readers);
    const ms = { unit: 'ms', better: 'lower' } as const;
    return {
      title: `${READERS + SLEEPERS} event streams, ${SLEEPERS} of which never read`,
      rows: [
        { what: 'all streams open', value: opened_ms, ...ms },
        { what: 'change to the first reader, median', value: median(times.map(({ first }) => first)), ...ms },
        { what: 'change to the last reader, median', value: median(times.map(({ last }) => last)), ...ms },
        {
          what: 'change to the last reader, slowest',
          value: Math.max(...times.map(({ last }) => last)),
          goal: 1000,
          ...ms,
        },
        {
          what: 'streams lost',
          value: sockets.readers.filter(socket => socket.destroyed).length,
          unit: '',
          better: 'lower',
          goal: 0,
        },
      ],
    };
  } finally {
    for (const one of undo) await one();
  }
}

type Api = ReturnType<typeof createClient>;

async function makeTokens(client: Api, count: number): Promise<string[]> {
  const tokens: string[] = [];
  for (let n = 0; n < count; n += 1) {
    const { id } = await client['service_accounts.create']({
      body: { name: `listener ${n}`, role: 'viewer' },
    });
    tokens.push((await client['tokens.create']({ params: { id }, body: { name: 'stream' } })).token);
  }
  return tokens;
}

async function openAll(url: string, tokens: readonly string[]) {
  const opening: Promise<Socket>[] = [];
  for (let n = 0; n < READERS + SLEEPERS; n += 1)
    opening.push(openStream(url, tokens[Math.floor(n / STREAMS_PER_TOKEN)] ?? ''));
  const all = await Promise.all(opening);
  // Every other one, so that both kinds share tokens and order.
  const readers = all.filter((_, n) => n % 2 === 0);
  const sleepers = all.filter((_, n) => n % 2 === 1);
  for (const socket of sleepers) socket.pause();
  return { readers, sleepers };
}

/** A bare socket: a thousand HTTP clients would be this process's work, not the server's. */
async function openStream(url: string, token: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  const greeted = heard(socket, 'event: hello');
  socket.write(
    `GET /api/v1/events HTTP/1.1\r\nhost: ${hostname}:${port}\r\nauthorization: Bearer ${token}\r\n\r\n`,
  );
  await greeted;
  return socket;
}

/** Milliseconds on this process's clock when the text came by. */
async function heard(socket: Socket, text: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  let seen = '';
  const listen = (chunk: Buffer) => {
    seen = (seen + chunk.toString('latin1')).slice(-10_000);
    if (seen.includes(text)) resolve(performance.now());
  };
  const end = () => reject(new Error(`a stream ended before it told "${text}": ${seen.slice(0, 500)}`));
  socket.on('data', listen).on('close', end);
  return promise.finally(() => socket.off('data', listen).off('close', end));
}

/** From the moment the change is asked for: commit, sequence, read and telling are all in it. */
async function measure(client: Api, readers: readonly Socket[]): Promise<{ first: number; last: number }[]> {
  const times: { first: number; last: number }[] = [];
  for (let n = 0; n < CHANGES; n += 1) {
    const { version } = await client['workspace.show']();
    const told = readers.map(socket => heard(socket, '"type":"workspace.changed"'));
    const begun = performance.now();
    await client['workspace.edit']({ version, body: { name: `Main ${n}` } });
    const arrived = await Promise.all(told);
    times.push({ first: Math.min(...arrived) - begun, last: Math.max(...arrived) - begun });
    await delay(100);
  }
  return times;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
