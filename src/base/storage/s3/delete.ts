import { DeleteObjectCommand, DeleteObjectsCommand } from '@aws-sdk/client-s3';
import { fail } from '../../kit/errors.ts';
import { eachOf } from '../each-of.ts';
import { type Bucket, nameOf, statusOf } from './bucket.ts';

const MAX_AT_ONCE = 1000;
const SINGLES_AT_ONCE = 8;

export async function deleteOne({ client, target }: Bucket, key: string): Promise<void> {
  try {
    await client.send(new DeleteObjectCommand(target(key)));
  } catch (error) {
    if (statusOf(error) !== 404 || nameOf(error) === 'NoSuchBucket') throw error;
  }
}

export async function deleteMany(bucket: Bucket, keys: readonly string[]): Promise<void> {
  for (const batch of inBatches(keys)) {
    try {
      await deleteBatch(bucket, batch);
    } catch (error) {
      if (!isUnknownRequest(error)) throw error;
      await eachOf(batch, SINGLES_AT_ONCE, key => deleteOne(bucket, key));
    }
  }
}

async function deleteBatch({ client, bucket, root, target }: Bucket, keys: readonly string[]): Promise<void> {
  const Objects = keys.map(key => ({ Key: target(key).Key }));
  const { Errors = [] } = await client.send(
    new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }),
  );
  const [first] = Errors.filter(({ Code }) => Code !== 'NoSuchKey');
  if (first === undefined) return;
  const reason = `${first.Code ?? ''} ${first.Message ?? ''}`.trim();
  throw /AccessDenied/.test(reason)
    ? fail('storage.denied', { place: root, reason })
    : fail('storage.failed', { folder: root, reason: `${first.Key ?? ''} could not be deleted: ${reason}` });
}

function inBatches(keys: readonly string[]): string[][] {
  const count = Math.ceil(keys.length / MAX_AT_ONCE);
  return Array.from({ length: count }, (_, at) => keys.slice(at * MAX_AT_ONCE, (at + 1) * MAX_AT_ONCE));
}

/** Services that cannot delete many at once, or only with a checksum that the SDK no longer makes. */
function isUnknownRequest(error: unknown): boolean {
  return (
    statusOf(error) === 501 || ['MissingContentMD5', 'NotImplemented', 'MalformedXML'].includes(nameOf(error))
  );
}
