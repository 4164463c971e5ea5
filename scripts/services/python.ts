import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

// What tests need from PyPI: an environment of Python with exact versions, and wheels that are only unpacked. Each is made
// once, beside its place, and moved there when it is whole; `.ok` says from what. The registry is the one that pip is set up for.

const run = promisify(execFile);

export interface PythonEnvironment {
  /** The interpreter. Programs beside it name the folder where they were made, and do not run. */
  python: string;
}

/** PyIceberg with all that it needs: versions that were tested together. */
const PYICEBERG: readonly string[] = [
  'annotated-types==0.8.0',
  'cachetools==8.0.1',
  'certifi==2026.10.18',
  'charset-normalizer==3.5.2',
  'click==8.5.1',
  'fsspec==2026.9.0',
  'idna==3.20',
  'markdown-it-py==4.3.0',
  'mdurl==0.1.2',
  'mmh3==5.3.1',
  'pyarrow==26.0.1',
  'pydantic==2.14.3',
  'pydantic_core==2.50.4',
  'Pygments==2.21.0',
  'pyiceberg==0.12.0',
  'pyparsing==3.3.3',
  'pyroaring==1.2.0',
  'python-dateutil==4.0.0',
  'requests==2.34.2',
  'rich==15.0.0',
  'strictyaml==1.7.3',
  'tenacity==9.2.1',
  'typing-inspection==0.4.5',
  'typing_extensions==4.16.0',
  'tzdata==2026.6',
  'urllib3==2.8.0',
  'zstandard==0.25.0',
];

/** DuckDB loads an extension of exactly its own version. */
const DUCKDB = '1.5.5';

export function pyicebergEnvironment(): Promise<PythonEnvironment> {
  return obtain(join('pyiceberg', '0.12.0'), PYICEBERG, async folder => {
    await run('python3', ['-m', 'venv', folder]);
    await pip(join(folder, 'bin', 'python'), ['install', '--no-deps', ...PYICEBERG]);
  }).then(folder => ({ python: join(folder, 'bin', 'python') }));
}

/** The paths of extension files by name. */
export async function duckdbExtensions<const Name extends string>(
  names: readonly Name[],
): Promise<Record<Name, string>> {
  const folders = await Promise.all(names.map(name => duckdbExtension(name)));
  return Object.fromEntries(names.map((name, at) => [name, folders[at]])) as Record<Name, string>;
}

async function duckdbExtension(name: string): Promise<string> {
  const { python } = await pyicebergEnvironment();
  const wheel = `duckdb-extension-${name}==${DUCKDB}`;
  const folder = await obtain(join('duckdb-extensions', `${name}-${DUCKDB}`), [wheel], target =>
    pip(python, ['install', '--no-deps', '--target', target, wheel]),
  );
  return join(folder, `duckdb_extension_${name}`, 'extensions', `v${DUCKDB}`, `${name}.duckdb_extension`);
}

async function pip(python: string, args: readonly string[]): Promise<void> {
  await run(python, ['-m', 'pip', ...args, '--quiet', '--disable-pip-version-check', '--no-warn-script-location']);
}

/** Whole or not there: a run that was killed leaves a draft that nobody looks at. */
async function obtain(
  name: string,
  from: readonly string[],
  make: (folder: string) => Promise<void>,
): Promise<string> {
  const folder = join(cacheFolder(), name);
  const made_from = `${from.join('\n')}\n`;
  if (await isMade(folder, made_from)) return folder;
  await mkdir(dirname(folder), { recursive: true });
  const draft = await mkdtemp(`${folder}.draft-`);
  try {
    await make(draft);
    await writeFile(join(draft, '.ok'), made_from);
    if (existsSync(folder) && !(await isMade(folder, made_from))) await rm(folder, { recursive: true });
    await rename(draft, folder);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    // Another test process was faster.
    if (!(await isMade(folder, made_from))) throw error;
  }
  return folder;
}

async function isMade(folder: string, made_from: string): Promise<boolean> {
  return (await readFile(join(folder, '.ok'), 'utf8').catch(() => '')) === made_from;
}

function cacheFolder(): string {
  return process.env.MOULIN_SERVICES_CACHE ?? join(homedir(), '.cache', 'moulin-services');
}
