import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isStarted } from '../generated.ts';
import { folderOf, isObtained, type Obtainable, obtainOnce } from './place.ts';

// What tests need from PyPI: an environment of Python with exact versions, and extensions of DuckDB, which come as wheels. The
// registry is the one that pip is set up for. `node scripts/services/python.ts` obtains both.

const run = promisify(execFile);

export interface Pinned extends Obtainable {
  pins: readonly string[];
}

/** PyIceberg with all that it needs: versions that were tested together. */
const pyiceberg = pinned('pyiceberg', '0.12.0', [
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
  'pyiceberg-core==0.10.1',
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
]);

/** DuckDB loads an extension of exactly its own version. */
const DUCKDB = '1.5.5';
const EXTENSIONS = ['avro', 'httpfs', 'iceberg'] as const;
const duckdb_extensions = pinned(
  'duckdb-extensions',
  DUCKDB,
  EXTENSIONS.map(name => `duckdb-extension-${name}==${DUCKDB}`),
);

export function isPythonObtained(): boolean {
  return isObtained(pyiceberg) && isObtained(duckdb_extensions);
}

/** The interpreter that has PyIceberg. Programs beside it name the folder where they were made, and do not run. */
export async function pyicebergPython(): Promise<string> {
  const folder = await obtainOnce(pyiceberg, async draft => {
    await run('python3', ['-m', 'venv', draft]);
    await pip(join(draft, 'bin', 'python'), ['install', '--no-deps', ...pyiceberg.pins]);
  });
  return join(folder, 'bin', 'python');
}

/** Files to LOAD, in the order in which they need each other. */
export async function duckdbExtensions(): Promise<string[]> {
  const python = await pyicebergPython();
  await obtainOnce(duckdb_extensions, draft =>
    pip(python, ['install', '--no-deps', '--target', draft, ...duckdb_extensions.pins]),
  );
  return EXTENSIONS.map(name =>
    join(
      folderOf(duckdb_extensions),
      `duckdb_extension_${name}/extensions/v${DUCKDB}/${name}.duckdb_extension`,
    ),
  );
}

/** Other pins are another version of it. */
export function pinned(name: string, version: string, pins: readonly string[]): Pinned {
  const hash = createHash('sha256').update(pins.join('\n')).digest('hex').slice(0, 8);
  return { name, version: `${version}-${hash}`, pins };
}

export async function pip(python: string, args: readonly string[]): Promise<void> {
  await run(python, ['-m', 'pip', ...args, '--quiet', '--disable-pip-version-check']);
}

if (isStarted(import.meta.url))
  for (const path of [await pyicebergPython(), ...(await duckdbExtensions())]) console.log(path);
