import { openStore } from '../../../src/base/db/index.ts';
import { newId } from '../../../src/base/kit/ids.ts';

// `node writer.ts FOLDER FIRST [node]`: opens the store of a folder and adds people, numbered from FIRST, one transaction each.
// A line "ok N" comes after the commit of N, never before.

const [folder = '', first = '1', guard] = process.argv.slice(2);
const store = await openStore({
  embedded: {
    folder: `${folder}/store`,
    log_file: `${folder}/postgres.log`,
    guard: guard === 'node' ? 'node' : 'shell',
  },
});
process.stdout.write('ready\n');

for (let number = Number(first); ; ) {
  try {
    await store.withInstance('test', tx =>
      tx
        .insertInto('users')
        .values({ id: newId(), email: `${number}@example.com`, name: String(number) })
        .execute(),
    );
    process.stdout.write(`ok ${number}\n`);
    number += 1;
  } catch (error) {
    // The store is away for a moment; or this number was committed and its answer lost.
    if (error instanceof Error && 'code' in error && error.code === '23505') number += 1;
  }
}
