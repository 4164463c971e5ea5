import { actorOf } from '../../access/index.ts';
import type { LakeContext } from '../lake.ts';
import type { CatalogCall } from './call.ts';

export function contextOf(call: Pick<CatalogCall, 'workspace_id' | 'principal' | 'origin'>): LakeContext {
  return { workspace_id: call.workspace_id, actor: actorOf(call), via: 'rest' };
}
