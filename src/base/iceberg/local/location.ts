import { resolve, sep } from 'node:path';
import { IcebergError } from '../errors.ts';

// `file:///a/b`, as all engines write it: the path as it is, nothing encoded. (`%2F` in a location is a part of the file's name:
// that is how Spark names the folders of partitions.)

export function fileLocation(path: string): string {
  const absolute = resolve(path);
  // C:\a becomes /C:/a.
  const slashed = sep === '\\' ? `/${absolute.replaceAll('\\', '/')}` : absolute;
  return `file://${slashed}`;
}

/** The path of `file:///a`, and of `file:/a` and `/a`, which others write. */
export function filePath(location: string): string {
  const path = /^file:\/\/(?=\/)/.test(location)
    ? location.slice('file://'.length)
    : location.replace(/^file:(?=\/(?!\/))/, '');
  if (!path.startsWith('/') || path.startsWith('//') || path.includes('\0'))
    throw outside(location, 'is not a file of this machine');
  if (path.split('/').some(part => part === '..' || part === '.'))
    throw outside(location, 'is written with dots, which may lead anywhere');
  return resolve(sep === '\\' ? path.slice(1) : path);
}

export function outside(location: string, why: string): IcebergError {
  const short = location.slice(0, 300);
  return new IcebergError('outside', `${short} ${why}`, { location: short });
}
