import { parseDocument } from 'yaml';
import { refuse, toField } from './config.ts';
import { fail } from './errors.ts';

// Apart from config.ts, because YAML is only needed where there is a file to read.

export const MAX_FILE_BYTES = 1024 * 1024;

/** The text of `moulin.yaml`, or every syntax error of it with line and column. */
export function parseConfigFile(text: string, path: string): { path: string; values: unknown } {
  if (Buffer.byteLength(text) > MAX_FILE_BYTES)
    throw fail('config.file_unreadable', { path, reason: 'it is larger than 1 MB' });
  try {
    const document = parseDocument(text, { prettyErrors: true });
    refuse(document.errors.map(error => toField(path, firstLine(error.message))));
    return { path, values: document.toJS({ maxAliasCount: 100 }) ?? {} };
  } catch (error) {
    if (error instanceof RangeError || error instanceof ReferenceError)
      throw fail('config.file_unreadable', { path, reason: 'it is nested or aliased too deeply' });
    throw error;
  }
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text;
}
