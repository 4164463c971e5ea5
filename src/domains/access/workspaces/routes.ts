import { z } from 'zod';
import type { Tx } from '../../../base/db/index.ts';
import { fail } from '../../../base/kit/errors.ts';
import { newId } from '../../../base/kit/ids.ts';
import { readCursor, rowsOf, toPage } from '../../../base/kit/pages.ts';
import { checkVersion } from '../../../base/kit/version.ts';
import type { accessRoutes } from '../../../contract/access.ts';
import type { AuditAction } from '../../../contract/audit-actions.ts';
import { may } from '../../../contract/principal.ts';
import type { Call, Handlers } from '../../../contract/route.ts';
import { lockInstance } from '../accounts/store.ts';
import { type Actor, actorOf } from '../audit/actor.ts';
import { type Changes, changesOf, created } from '../audit/entry.ts';
import { entriesAfter } from '../audit/store.ts';
import { addMember } from '../members/store.ts';
import type { Parts } from '../parts.ts';
import { requirePerson } from '../rights.ts';
import { slugCandidates } from './slug.ts';
import {
  addWorkspace,
  deleteWorkspace,
  editWorkspace,
  freeSlug,
  hasWorkspace,
  lockWorkspaceRow,
  moveSlug,
  overview,
  takeSlug,
  type WorkspaceRow,
  workspaceById,
  workspacesAfter,
} from './store.ts';

/** On the first page; the rest is in the log. */
const LATEST_CHANGES = 8;
const NEWEST = { order: 'newest', after: undefined } as const;

type Routes = Pick<
  typeof accessRoutes,
  | 'workspace.show'
  | 'workspace.overview'
  | 'workspace.edit'
  | 'workspace.delete'
  | 'workspaces.list'
  | 'workspaces.create'
>;

const slugKey = z.tuple([z.string()]);

export function workspaceHandlers(parts: Parts): Handlers<Routes> {
  const { store } = parts;
  return {
    'workspace.show': async ({ workspace_id }) => {
      const row = await store.withWorkspace({ workspace_id }, tx => workspaceById(tx, workspace_id), {
        read_only: true,
      });
      return row ?? gone(workspace_id);
    },
    'workspace.overview': async ({ workspace_id, principal }) => {
      const who = {
        workspace_id,
        user_id: principal.kind === 'person' ? principal.id : null,
        now: parts.now(),
      };
      const { figures, changes } = await store.withWorkspace(
        { workspace_id },
        async tx => ({
          figures: await overview(tx, who),
          changes: may(principal, 'audit:read')
            ? await entriesAfter(tx, { workspace_id }, NEWEST, LATEST_CHANGES)
            : null,
        }),
        { read_only: true },
      );
      if (!figures) return gone(workspace_id);
      return {
        ...figures,
        invitations: may(principal, 'members:edit') ? figures.invitations : null,
        latest_changes: changes?.map(entry => ({ ...entry, changes: entry.changes as Changes })) ?? null,
      };
    },
    'workspace.edit': call => edit(parts, call),
    'workspace.delete': call => remove(parts, call),
    'workspaces.list': async ({ query }) => {
      const [after] = readCursor(query.cursor, slugKey) ?? [];
      const rows = await store.withInstance(
        'all workspaces',
        tx => workspacesAfter(tx, after, rowsOf(query.limit)),
        {
          read_only: true,
        },
      );
      return toPage(rows, query.limit, row => [row.slug]);
    },
    'workspaces.create': call => create(parts, call),
  };
}

// Slugs are unique among all workspaces: these take the instance's lock, and then the answer "it is free" stays true.

async function edit(parts: Parts, call: Call<Routes['workspace.edit']>): Promise<WorkspaceRow> {
  const { workspace_id, body, version } = call;
  return parts.store.withInstance('edit workspace', async tx => {
    await lockInstance(tx);
    const before = (await lockWorkspaceRow(tx, workspace_id)) ?? gone(workspace_id);
    checkVersion({ expected: version, current: before.version });
    const { slug = before.slug } = body;
    if (!(await editWorkspace(tx, workspace_id, body, parts.now())))
      throw fail('workspace.slug_taken', { slug });
    if (slug !== before.slug) await moveSlug(tx, { id: workspace_id, from: before.slug, to: slug });
    await parts.record(tx, actorOf(call), {
      workspace_id,
      action: 'workspace.changed',
      object: objectOf(before),
      changes: changesOf(before, body),
    });
    return (await workspaceById(tx, workspace_id)) ?? gone(workspace_id);
  });
}

async function remove(parts: Parts, call: Call<Routes['workspace.delete']>): Promise<undefined> {
  const { workspace_id, query } = call;
  await parts.store.withInstance('delete workspace', async tx => {
    await lockInstance(tx);
    const workspace = (await lockWorkspaceRow(tx, workspace_id)) ?? gone(workspace_id);
    if (query.confirm !== workspace.slug)
      throw fail('workspace.not_confirmed', { expected: workspace.slug, received: query.confirm });
    if (!(await hasWorkspace(tx, workspace_id))) throw fail('workspace.last_one');
    await recordInBoth(parts, tx, actorOf(call), workspace, 'workspace.deleted');
    await deleteWorkspace(tx, workspace_id);
  });
}

async function create(parts: Parts, call: Call<Routes['workspaces.create']>): Promise<WorkspaceRow> {
  const { body, principal } = call;
  // A service account belongs to one workspace: it could not enter the one it makes, and nobody else either.
  if (principal.kind !== 'local') requirePerson(principal);
  return parts.store.withInstance('create workspace', async tx => {
    await lockInstance(tx);
    const candidates = body.slug === undefined ? slugCandidates(body.name) : [body.slug];
    const id = newId();
    const slug = await freeSlug(tx, candidates);
    const { name, time_zone } = body;
    if (slug === undefined || !(await addWorkspace(tx, { id, slug, name, time_zone })))
      throw fail('workspace.slug_taken', { slug: candidates[0] ?? '' });
    await takeSlug(tx, slug);
    if (principal.kind === 'person')
      await addMember(tx, { workspace_id: id, user_id: principal.id, role: 'owner' });
    const workspace = (await workspaceById(tx, id)) ?? gone(id);
    await recordInBoth(parts, tx, actorOf(call), workspace, 'workspace.created');
    return workspace;
  });
}

/** The installation keeps it, and the pages of the workspace hear of it. */
async function recordInBoth(
  parts: Parts,
  tx: Tx,
  actor: Actor,
  workspace: WorkspaceRow,
  action: AuditAction,
): Promise<void> {
  const { slug, name, time_zone } = workspace;
  const note = { action, object: objectOf(workspace), changes: created({ slug, name, time_zone }) };
  await parts.record(tx, actor, { ...note, workspace_id: null }, { ...note, workspace_id: workspace.id });
}

function objectOf({ id, name }: WorkspaceRow) {
  return { kind: 'workspace', id, name };
}

/** It was there a moment ago, when the caller was let in. */
function gone(id: string): never {
  throw fail('object.not_found', { kind: 'workspace', id });
}
