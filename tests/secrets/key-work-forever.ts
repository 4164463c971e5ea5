import { openPrepared } from '../../src/base/db/index.ts';
import { createRedactor } from '../../src/base/kit/redact.ts';
import { openKeyProvider, openSecrets } from '../../src/domains/access/index.ts';

// Rewraps and rotates until it is killed, and says a word after each: for key-crash.test.ts, which kills it.

const [app = '', instance_id = '', folder = ''] = process.argv.slice(2);
const redactor = createRedactor();
const store = await openPrepared(JSON.parse(app), instance_id);
const keys = openKeyProvider({ given: null, folder, instance_id, redactor });
const secrets = await openSecrets({ store, keys, redactor });
for (;;) {
  await secrets.rewrap();
  process.stdout.write('rewrapped\n');
  await secrets.rotate();
  process.stdout.write('rotated\n');
}
