import { s3Server, serviceAbsence } from '../../../tests/support/services.ts';
import { conformance } from '../../../tests/support/storage-conformance.ts';
import { openS3Storage } from './index.ts';

const skip = serviceAbsence('versitygw');

conformance('S3 in path style', async t => openS3Storage((await s3Server(t)).options()), { skip });

conformance(
  'S3 in host style, below a prefix, without checksums',
  async t => {
    const server = await s3Server(t);
    const url = `s3://${server.bucket}/some/where`;
    return openS3Storage(server.options({ ...server.host_style, url, checksums: false }));
  },
  { skip },
);
