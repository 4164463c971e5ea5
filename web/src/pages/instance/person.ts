import type { Item } from '../../api.ts';

/** Somebody with an account. */
export type Person = Item<'users.list'>;
