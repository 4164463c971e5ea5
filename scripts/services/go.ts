import { execFile } from 'node:child_process';
import { createWriteStream, existsSync, globSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { obtainOnce, sha256 } from './place.ts';

// Programs in Go, built from what the Go module proxy has. A Go that is new enough is taken from the machine; else the toolchain
// comes from the same proxy (Debian's package is years behind), which takes nothing but `unzip`.

const run = promisify(execFile);

/** What the newest of the programs asks for in its go.mod. */
const LEAST = [1, 25];
const TOOLCHAIN = '1.26.8';
const TOOLCHAIN_SHA256: Readonly<Record<string, string>> = {
  'linux-amd64': '30c2b1bf7dcc88d3eb0a1364e47ddd9128edb3110a30e8a0ef61cd5856b31de7',
  'linux-arm64': '02b36b6787b3ac767668f630e2998df45a3b1f9ffee08d1bf3ef6487cd658d99',
  'darwin-amd64': 'fe99a2009e5bb51e06d7784f1a486478673512041c2671157bd382806e2aedcf',
  'darwin-arm64': '0aad5fb52b88498885290178adc0bcfe429bc63012621af9f83282eb640bd9c7',
};

/** `path@version`, as `go install` takes it; the program is called as the last part of its path. */
export async function buildGo(path: string, version: string, into: string): Promise<void> {
  const go = (await findGo()) ?? (await obtainGo());
  mkdirSync(into, { recursive: true });
  const env = {
    ...process.env,
    CGO_ENABLED: '0',
    GOBIN: into,
    GOFLAGS: '-buildvcs=false -trimpath',
    GOTOOLCHAIN: 'local',
  };
  const args = ['install', '-ldflags=-s -w', `${path}@${version}`];
  await run(go, args, { env, maxBuffer: 64 * 1024 ** 2 }).catch(error => {
    throw new Error(
      `${path}@${version} could not be built by ${go}: ${lastLines(error.stderr ?? error.message)}`,
    );
  });
}

async function findGo(): Promise<string | undefined> {
  const folders = [
    ...(process.env.PATH ?? '').split(delimiter),
    '/usr/local/go/bin',
    ...globSync('/usr/lib/go-*/bin'),
    '/opt/homebrew/bin',
  ];
  for (const path of folders.map(folder => join(folder, 'go')).filter(existsSync))
    if (await isNewEnough(path)) return path;
  return undefined;
}

async function isNewEnough(go: string): Promise<boolean> {
  // Not the version that some go.mod in this folder would choose.
  const { stdout } = await run(go, ['version'], { env: { ...process.env, GOTOOLCHAIN: 'local' } }).catch(
    () => ({
      stdout: '',
    }),
  );
  const [, major = '0', minor = '0'] = /go(\d+)\.(\d+)/.exec(stdout) ?? [];
  const [least_major = 0, least_minor = 0] = LEAST;
  return Number(major) > least_major || (Number(major) === least_major && Number(minor) >= least_minor);
}

async function obtainGo(): Promise<string> {
  const platform = `${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`;
  const sum = TOOLCHAIN_SHA256[platform];
  if (sum === undefined)
    throw new Error(`install Go ${LEAST.join('.')} or later: there is none to fetch for ${platform}`);
  const folder = await obtainOnce({ name: 'go', version: TOOLCHAIN }, async draft => {
    const name = `v0.0.1-go${TOOLCHAIN}.${platform}`;
    const archive = join(draft, 'go.zip');
    await download(`${proxy()}/golang.org/toolchain/@v/${name}.zip`, archive);
    if ((await sha256(archive)) !== sum)
      throw new Error('what the proxy sent as Go is something else (SHA-256)');
    await unpack(archive, draft);
    renameSync(join(draft, 'golang.org', `toolchain@${name}`), join(draft, 'go'));
    rmSync(archive);
    rmSync(join(draft, 'golang.org'), { recursive: true });
    // A module has no executable files; these are.
    const programs = globSync(['go/bin/*', 'go/pkg/tool/*/*'], { cwd: draft });
    await Promise.all(programs.map(path => chmod(join(draft, path), 0o755)));
  });
  return join(folder, 'go', 'bin', 'go');
}

function proxy(): string {
  const [first = ''] = (process.env.GOPROXY ?? '').split(/[,|]/);
  return /^https?:/.test(first) ? first.replace(/\/$/, '') : 'https://proxy.golang.org';
}

async function download(url: string, to: string): Promise<void> {
  const answer = await fetch(url);
  if (!answer.ok || answer.body === null)
    throw new Error(`the Go module proxy answered ${answer.status} for the toolchain`);
  await pipeline(Readable.fromWeb(answer.body), createWriteStream(to));
}

async function unpack(archive: string, into: string): Promise<void> {
  await run('unzip', ['-q', archive, '-d', into]).catch(error => {
    throw error.code === 'ENOENT'
      ? new Error(`install unzip, or Go ${LEAST.join('.')} or later: the toolchain comes as an archive`)
      : error;
  });
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-5).join(' | ');
}
