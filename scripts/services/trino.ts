import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { findJdk, obtainMaven } from './java.ts';
import type { Service } from './service.ts';

// Trino on one node. It is set up by SQL: `CREATE CATALOG … USING iceberg WITH (…)`, which it forgets when it ends.

const run = promisify(execFile);

const VERSION = '476';
/** Older ones stop at the first option that they do not know. */
const JAVA = [25, 24];
const UNPACKED = `trino-server-${VERSION}`;

const infoSchema = z.object({ starting: z.boolean() });

export const trino: Service = {
  name: 'trino',
  version: VERSION,
  what: 'Trino, a SQL engine',
  cost: 'downloads 820 MB with Maven, keeps 900 MB; runs on JDK 25',
  lacks: () => (jdk() === undefined ? `Trino ${VERSION} runs on JDK 25 (JAVA_HOME_25, /usr/lib/jvm)` : false),
  async obtain(folder) {
    const archive = await obtainMaven(`io.trino:trino-server:${VERSION}:tar.gz`, folder);
    // As a whole: its plugins share their files by hard links, and one left out breaks others.
    await run('tar', ['-xzf', archive, '-C', folder]);
    rmSync(archive);
  },
  command({ folder, data, port }) {
    const java = jdk();
    if (java === undefined) throw new Error(`Trino ${VERSION} runs on JDK 25, which is not there`);
    const home = join(folder, UNPACKED);
    const etc = writeSettings(data, port);
    return {
      program: join(home, 'bin', 'launcher'),
      args: ['run', '-jvm-dir', java, '-etc-dir', etc, '-data-dir', join(data, 'trino')],
    };
  },
  ready_ms: 300_000,
  isReady: async ({ port }) => {
    const answer = await fetch(`http://127.0.0.1:${port}/v1/info`);
    return answer.ok && !infoSchema.parse(await answer.json()).starting;
  },
  environment: ({ port }) => ({ TRINO_URL: `http://127.0.0.1:${port}` }),
};

function jdk(): string | undefined {
  return findJdk(JAVA);
}

/** Small: it has a few rows to work on, and others work on the machine. */
function writeSettings(data: string, port: number): string {
  const etc = join(data, 'etc');
  mkdirSync(join(etc, 'catalog'), { recursive: true });
  const write = (name: string, lines: readonly string[]) =>
    writeFileSync(join(etc, name), `${lines.join('\n')}\n`);
  write('node.properties', [
    'node.environment=test',
    'node.id=one',
    'node.internal-address=127.0.0.1',
    'node.bind-ip=127.0.0.1',
  ]);
  write('config.properties', [
    'coordinator=true',
    'node-scheduler.include-coordinator=true',
    `http-server.http.port=${port}`,
    `discovery.uri=http://127.0.0.1:${port}`,
    'query.max-memory=600MB',
    'query.max-memory-per-node=400MB',
    'memory.heap-headroom-per-node=200MB',
    'catalog.management=dynamic',
    'catalog.store=memory',
  ]);
  write('jvm.config', [
    ...['-Xmx1200M', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:+ExitOnOutOfMemoryError'],
    ...['--add-modules=jdk.incubator.vector', '--sun-misc-unsafe-memory-access=allow'],
    '--enable-native-access=ALL-UNNAMED',
  ]);
  return etc;
}
