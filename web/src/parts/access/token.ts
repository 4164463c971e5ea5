import type { Item } from '../../api.ts';

export type Token = Item<'tokens.list'>;
