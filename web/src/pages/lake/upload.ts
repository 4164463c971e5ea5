import { UPLOAD_PART_BYTES } from '../../../../src/contract/lake-words.ts';
import { callApi } from '../../api.ts';

// A file on its way into the storage, part after part; a part that did not arrive is sent once more.

const TRIES = 3;

export interface UploadOptions {
  workspace: string | undefined;
  signal: AbortSignal;
  /** Bytes that have arrived. */
  onProgress: (bytes: number) => void;
}

export async function uploadFile(file: File, options: UploadOptions): Promise<string> {
  let upload_id: string | undefined;
  // An empty file is one empty part.
  for (let part = 1, from = 0; part === 1 || from < file.size; part += 1, from += UPLOAD_PART_BYTES) {
    const bytes = file.slice(from, from + UPLOAD_PART_BYTES);
    const query = { name: file.name, part, ...(upload_id !== undefined && { upload_id }) };
    upload_id = (await again(() => send(query, bytes, options), options.signal)).upload_id;
    options.onProgress(from + bytes.size);
  }
  return upload_id ?? '';
}

function send(
  query: { name: string; part: number; upload_id?: string },
  bytes: Blob,
  { workspace, signal }: UploadOptions,
) {
  return callApi('lake_files.upload', { query, bytes }, { workspace, signal });
}

async function again<T>(attempt: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      // What the server refused it would refuse again.
      if (signal.aborted || tries === TRIES || !(error instanceof TypeError)) throw error;
    }
  }
}

/** What a file is by its name; who chose it may say otherwise. */
export function formatOf(name: string): 'csv' | 'ndjson' | 'json' | 'parquet' {
  const ending = /\.(csv|tsv|ndjson|jsonl|json|parquet)(\.(gz|zst))?$/i.exec(name)?.[1]?.toLowerCase();
  if (ending === 'parquet' || ending === 'json') return ending;
  return ending === 'ndjson' || ending === 'jsonl' ? 'ndjson' : 'csv';
}

/** `Orders 2026.csv` is the table `orders_2026`. */
export function tableNameOf(file: string): string {
  const stem = file.replace(/\.[a-z0-9]+(\.(gz|zst))?$/i, '');
  return stem
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, '_')
    .replaceAll(/^_+|_+$/g, '');
}
