import { apiQuery } from '../../api.ts';
import type { Area } from '../../area.ts';
import { HomeIcon } from '../../icons.ts';
import { meQuery } from '../../session.ts';

/** Events that are lines of the audit log, or that the figures count; not each step of what runs. */
const CHANGES = [
  ...['member', 'invitation', 'token', 'service_account', 'secret', 'workspace', 'me', 'user'],
  ...['schedule.created', 'schedule.changed', 'schedule.deleted', 'calendar', 'webhook', 'limits'],
  ...['run.queued', 'run.cancelling', 'run.cancelled'],
];

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
  stale: Object.fromEntries(CHANGES.map(type => [type, ['workspace.overview']])),
  cards: [
    { id: 'now', place: 'wide', needs: 'runs:read', load: () => import('./now-card.tsx') },
    { id: 'checklist', place: 'wide', load: () => import('./checklist-card.tsx') },
    { id: 'changes', place: 'wide', needs: 'audit:read', load: () => import('./changes-card.tsx') },
    { id: 'workspace', place: 'side', load: () => import('./workspace-card.tsx') },
    { id: 'health', place: 'side', needs: 'instance:health', load: () => import('./health-card.tsx') },
  ],
  steps: [
    {
      id: 'invite',
      needs: 'members:edit',
      to: '/w/$workspace/settings/members',
      isDone: ({ overview }) => overview.members > 1 || (overview.invitations ?? 0) > 0,
    },
    { id: 'token', to: '/account/tokens', isDone: ({ overview }) => overview.my_tokens > 0 },
    {
      id: 'schedule',
      // Who may plan the one kind that there is so far.
      needs: 'runs:diagnose',
      to: '/w/$workspace/schedules/new',
      isDone: ({ runs }) => runs.schedules > 0,
    },
    // Whether a copy lies somewhere else is known to nobody but those who put it there.
    { id: 'keys', needs: 'instance:keys', command: 'moulin keys export FILE' },
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
