import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { connect } from 'node:tls';
import { read } from '../../scripts/source/files.ts';
import { freePort } from '../../src/base/db/embedded/port.ts';
import { blocksOf } from '../docs/markdown.ts';
import { makeCertificate } from '../support/certificate.ts';
import { defer } from '../support/defer.ts';
import { programPath } from '../support/required.ts';
import { scratchFolder } from '../support/scratch.ts';
import { waitFor } from '../support/wait-for.ts';

// Reverse proxies with what the guide tells people to write. Replaced are only the places that a test cannot have: ports below
// 1024, and certificates that somebody else signs. What is not found to be replaced is an error.

export const PUBLIC_NAME = 'moulin.example.com';
const MOULIN = '127.0.0.1:4610';

/** A proxy that listens. */
export interface Front {
  port: number;
  /** Whose signature the visitor trusts. */
  ca: string;
}

interface Place {
  folder: string;
  port: number;
  moulin: string;
}

export async function startNginx(t: TestContext, moulin: string): Promise<Front> {
  const place = { folder: scratchFolder(t), port: await freePort(), moulin };
  const { cert, key } = makeCertificate([PUBLIC_NAME]);
  writeFileSync(join(place.folder, 'fullchain.pem'), cert);
  writeFileSync(join(place.folder, 'privkey.pem'), key);
  const file = join(place.folder, 'nginx.conf');
  writeFileSync(file, nginxFile(place));
  const endedEarly = run(t, ['nginx', '-p', place.folder, '-e', 'stderr', '-c', file]);
  await untilItListens(place.port, cert, endedEarly);
  return { port: place.port, ca: cert };
}

function nginxFile({ folder, port, moulin }: Place): string {
  const server = replaceAll(documented('nginx'), {
    'listen 443': `listen 127.0.0.1:${port}`,
    '/etc/letsencrypt/live/moulin.example.com': folder,
    [MOULIN]: moulin,
  });
  const scratch = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    what => `${what}_temp_path ${join(folder, what)};`,
  );
  return `daemon off;\npid ${folder}/pid;\nevents {}\nhttp {\naccess_log off;\n${scratch.join('\n')}\n${server}\n}\n`;
}

export async function startCaddy(t: TestContext, moulin: string): Promise<Front> {
  const place = { folder: scratchFolder(t), port: await freePort(), moulin };
  const file = join(place.folder, 'Caddyfile');
  // Of its own authority, where it would ask a public one; and nothing but this port.
  const here = `{\n  admin off\n  local_certs\n  skip_install_trust\n  auto_https disable_redirects\n  https_port ${place.port}\n}\n`;
  writeFileSync(file, here + replaceAll(documented('caddy'), { [MOULIN]: moulin }));
  mkdirSync(join(place.folder, 'data'));
  const endedEarly = run(t, ['caddy', 'run', '--config', file, '--adapter', 'caddyfile'], {
    HOME: place.folder,
    XDG_DATA_HOME: join(place.folder, 'data'),
    XDG_CONFIG_HOME: join(place.folder, 'data'),
  });
  const root = join(place.folder, 'data/caddy/pki/authorities/local/root.crt');
  const ca = await waitFor(() => !endedEarly() && tryRead(root), {
    seconds: 20,
    what: () => 'the authority of Caddy',
  });
  await untilItListens(place.port, ca, endedEarly);
  return { port: place.port, ca };
}

/** The settings of Moulin behind a proxy, as the guide shows them. */
export function documentedSettings(): string {
  const shown = blocksOf(read('docs/guide/reverse-proxy.md')).filter(({ words }) =>
    words.includes('moulin.yaml'),
  );
  const behind = shown.find(({ text }) => text.includes('trusted_proxies'));
  assert(behind, 'the guide shows the settings');
  return behind.text;
}

function documented(language: string): string {
  const blocks = blocksOf(read('docs/guide/reverse-proxy.md')).filter(block => block.language === language);
  assert.equal(blocks.length, 1, `one block for ${language}`);
  return blocks.map(({ text }) => text).join();
}

function replaceAll(text: string, places: Record<string, string>): string {
  return Object.entries(places).reduce((before, [from, to]) => {
    assert(before.includes(from), `the guide shows ${from}`);
    return before.replaceAll(from, to);
  }, text);
}

/** Throws the program's own words when it has ended: a block that it does not understand is the guide's fault. */
type EndedEarly = () => false;

function run(t: TestContext, [name = '', ...words]: string[], env: NodeJS.ProcessEnv = {}): EndedEarly {
  const program = programPath(name);
  assert(program, `MOULIN_TEST_REQUIRE names ${name}: install it`);
  const child = spawn(program, words, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  defer(t, () => child.kill('SIGTERM'));
  return () => {
    if (child.exitCode !== null) assert.fail(`${name} ended with ${child.exitCode}: ${said}`);
    return false;
  };
}

function untilItListens(port: number, ca: string, endedEarly: EndedEarly): Promise<boolean> {
  return waitFor(async () => !endedEarly() && (await listens(port, ca)), {
    seconds: 20,
    what: () => `the proxy to listen on ${port}`,
  });
}

function listens(port: number, ca: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ port, host: '127.0.0.1', servername: PUBLIC_NAME, ca }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

function tryRead(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8') || undefined;
  } catch {
    return undefined;
  }
}
