import { fail, isFailure } from '../kit/errors.ts';

// What this machine says of its files.

export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

export function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(codeOf(error));
}

export function ignoreMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error;
}

/** What the machine says, in words that help; `key`: the object that is read, and may not be there. */
export async function told<T>(folder: string, work: () => Promise<T>, key?: string): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isFailure(error)) throw error;
    if (key !== undefined && (isMissing(error) || codeOf(error) === 'ELOOP'))
      throw fail('storage.missing', { key }, { cause: error });
    if (['ENOSPC', 'EDQUOT'].includes(codeOf(error)))
      throw fail('storage.full', { folder }, { cause: error });
    if (codeOf(error) !== '')
      throw fail('storage.failed', { folder, reason: codeOf(error) }, { cause: error });
    throw error;
  }
}
