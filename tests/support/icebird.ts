import { readFile } from 'node:fs/promises';
import { icebergRead } from 'icebird';

/**
 * All rows of a table in a folder, read by icebird: a reader that shares nothing with ours, neither Avro nor Parquet. It asks the
 * network for everything; here the network is the disk.
 */
export async function readByIcebird(location: string, version: number): Promise<Record<string, unknown>[]> {
  const network = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const url = String(input);
    if (!url.startsWith('file://')) return network(input, init);
    return new Response(new Uint8Array(await readFile(url.slice('file://'.length))));
  };
  try {
    return await icebergRead({ tableUrl: location, metadataFileName: `v${version}.metadata.json` });
  } finally {
    globalThis.fetch = network;
  }
}
