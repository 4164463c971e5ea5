import { apiQuery, callApi } from '../../api.ts';
import type { Area } from '../../area.ts';
import { HomeIcon } from '../../icons.ts';
import { meQuery } from '../../session.ts';

/** What the audit of the installation calls it. */
const KEYS_EXPORTED = 'keys.exported';

export const home: Area = {
  group: 'work',
  icon: HomeIcon,
  pages: [
    {
      title: 'home',
      path: '/w/$workspace',
      load: () => import('./home-page.tsx'),
      texts: ['home', 'access'],
      key: 'h',
    },
  ],
  cards: [
    { id: 'checklist', place: 'wide', load: () => import('./checklist-card.tsx') },
    { id: 'changes', place: 'wide', needs: 'audit:read', load: () => import('./changes-card.tsx') },
    { id: 'workspace', place: 'side', load: () => import('./workspace-card.tsx') },
    { id: 'health', place: 'side', needs: 'instance:health', load: () => import('./health-card.tsx') },
  ],
  steps: [
    {
      id: 'invite',
      needs: 'members:edit',
      reads: 'members.list',
      to: '/w/$workspace/settings/members',
      async isDone(workspace) {
        const [members, invitations] = await Promise.all([
          callApi('members.list', { query: { limit: 2 } }, { workspace }),
          callApi('invitations.list', { query: { limit: 1 } }, { workspace }),
        ]);
        return members.items.length > 1 || invitations.items.length > 0;
      },
    },
    {
      id: 'token',
      reads: 'my_tokens.list',
      to: '/account/tokens',
      isDone: async () => (await callApi('my_tokens.list', { query: { limit: 1 } })).items.length > 0,
    },
    {
      id: 'keys',
      needs: 'instance:audit',
      reads: 'instance_audit.list',
      command: 'moulin keys export FILE',
      isDone: async () =>
        (await callApi('instance_audit.list', { query: { action: KEYS_EXPORTED, limit: 1 } })).items.length >
        0,
    },
  ],
  finders: [
    {
      group: 'workspaces',
      async find(search, { queries }) {
        const me = await queries.ensureQueryData(meQuery);
        return me.memberships
          .filter(({ workspace }) => matches(workspace.name, search) || matches(workspace.slug, search))
          .map(({ workspace }) => ({
            id: workspace.id,
            label: workspace.name,
            detail: workspace.slug,
            to: `/w/${workspace.slug}`,
          }));
      },
    },
    {
      group: 'members',
      needs: 'members:read',
      async find(search, { queries, workspace }) {
        if (search === '' || workspace === undefined) return [];
        const query = apiQuery('members.list', { query: { q: search, limit: 5 } }, workspace);
        const { items } = await queries.fetchQuery(query);
        return items.map(member => ({
          id: member.user_id,
          label: member.name,
          detail: member.email,
          to: `/w/${workspace}/settings/members?q=${encodeURIComponent(member.email)}`,
        }));
      },
    },
  ],
};

function matches(text: string, search: string): boolean {
  return text.toLocaleLowerCase().includes(search.toLocaleLowerCase());
}
