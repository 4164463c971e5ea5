import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildGo } from './go.ts';
import type { Service } from './service.ts';

// Two S3 servers. The first is small, quick and strict; the second also issues temporary credentials.

export const S3_ACCESS_KEY = 'test';
export const S3_SECRET_KEY = 'testtest';
/** Buckets are also answered under names below this one, which no resolver knows. */
export const S3_DOMAIN = 's3.test.localhost';

const environment: Service['environment'] = ({ port }) => ({
  MOULIN_STORAGE_ENDPOINT: `http://127.0.0.1:${port}`,
  MOULIN_STORAGE_ACCESS_KEY: S3_ACCESS_KEY,
  MOULIN_STORAGE_SECRET_KEY: S3_SECRET_KEY,
});

/** A request without a name is refused, in the words of S3. */
async function refusesStrangers(port: number): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${port}/`);
  return answer.status === 403 && (await answer.text()).includes('<Error>');
}

export const versitygw: Service = {
  name: 'versitygw',
  version: 'v1.8.0',
  what: 'S3 over a folder',
  cost: 'builds it from source with Go: some four minutes',
  obtain: folder => buildGo('github.com/versity/versitygw/cmd/versitygw', 'v1.8.0', folder),
  command({ folder, data, port }) {
    const [objects, versions, people] = ['objects', 'versions', 'iam'].map(name => {
      const path = join(data, name);
      mkdirSync(path, { recursive: true });
      return path;
    });
    return {
      program: join(folder, 'versitygw'),
      args: [
        ...['--access', S3_ACCESS_KEY, '--secret', S3_SECRET_KEY, '--port', `127.0.0.1:${port}`, '--quiet'],
        ...['--virtual-domain', `${S3_DOMAIN}:${port}`, '--iam-dir', people ?? ''],
        ...['posix', '--versioning-dir', versions ?? '', objects ?? ''],
      ],
    };
  },
  isReady: ({ port }) => refusesStrangers(port),
  environment,
};

export const minio: Service = {
  name: 'minio',
  version: 'v0.0.0-20260212201848-7aac2a2c5b7c',
  what: 'S3 with temporary credentials (STS)',
  cost: 'builds it from source with Go: some six minutes, and 6 GB in the caches of Go',
  obtain: folder => buildGo('github.com/minio/minio', 'v0.0.0-20260212201848-7aac2a2c5b7c', folder),
  command: ({ folder, data, port }) => ({
    program: join(folder, 'minio'),
    args: ['server', '--quiet', '--address', `127.0.0.1:${port}`, data],
    env: {
      MINIO_ROOT_USER: S3_ACCESS_KEY,
      MINIO_ROOT_PASSWORD: S3_SECRET_KEY,
      MINIO_BROWSER: 'off',
      MINIO_UPDATE: 'off',
      MINIO_DOMAIN: S3_DOMAIN,
    },
  }),
  isReady: async ({ port }) =>
    (await fetch(`http://127.0.0.1:${port}/minio/health/ready`)).ok && (await refusesStrangers(port)),
  environment,
};
