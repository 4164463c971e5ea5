import type { ListedObject, Storage } from './storage.ts';

/** All that begins so, over as many pages as it takes: no storage gives more than some at once. */
export async function* listAll(storage: Pick<Storage, 'list'>, prefix: string): AsyncGenerator<ListedObject> {
  for (let after: string | null = ''; after !== null; ) {
    const page: Awaited<ReturnType<Storage['list']>> = await storage.list(prefix, { after });
    yield* page.items;
    after = page.next;
  }
}
