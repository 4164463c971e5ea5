import { minio, versitygw } from './s3.ts';
import type { Service } from './service.ts';
import { trino } from './trino.ts';

/** All that can be started, by name. */
export const services: readonly Service[] = [versitygw, minio, trino];

export function serviceOf(name: string): Service {
  const found = services.find(one => one.name === name);
  if (found) return found;
  throw new Error(`There is no service "${name}"; there are: ${services.map(one => one.name).join(', ')}.`);
}
