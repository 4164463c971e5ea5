import { apiQuery } from '../../api.ts';
import type { Area } from '../../area.ts';
import { LakeIcon } from '../../icons.ts';

export const lake: Area = {
  group: 'work',
  icon: LakeIcon,
  title: 'lake',
  stale: {
    'lake.table': ['lake_tables', 'lake', 'lake_namespaces'],
    'lake.namespace': ['lake_namespaces'],
    'lake.mount': ['lake_mounts', 'lake_tables', 'lake_namespaces'],
    'lake.policy': ['lake_policy', 'lake_tables.policy'],
  },
  pages: [
    {
      title: 'lake',
      path: '/w/$workspace/lake',
      load: () => import('./lake-page.tsx'),
      texts: ['lake'],
      needs: 'lake:read',
      key: 'l',
    },
    {
      title: 'lake_import',
      path: '/w/$workspace/lake/import',
      load: () => import('./import-page.tsx'),
      texts: ['lake'],
      needs: 'lake:write',
      unlisted: true,
    },
    {
      title: 'lake_catalogs',
      path: '/w/$workspace/lake/catalogs',
      load: () => import('./catalogs-page.tsx'),
      texts: ['lake'],
      needs: 'lake:read',
    },
    {
      title: 'lake_care',
      path: '/w/$workspace/lake/care',
      load: () => import('./care-page.tsx'),
      texts: ['lake'],
      needs: 'lake:read',
    },
    {
      title: 'lake_table',
      path: '/w/$workspace/lake/tables/$table',
      load: () => import('./table-page.tsx'),
      texts: ['lake'],
      needs: 'lake:read',
      unlisted: true,
    },
  ],
  cards: [{ id: 'lake', place: 'side', needs: 'lake:read', load: () => import('./lake-card.tsx') }],
  finders: [
    {
      group: 'tables',
      needs: 'lake:read',
      async find(search, { queries, workspace }) {
        if (search === '' || workspace === undefined) return [];
        const query = apiQuery('lake_tables.list', { query: { text: search, limit: 5 } }, workspace);
        const { items } = await queries.fetchQuery(query);
        return items.map(({ id, namespace, name, description }) => ({
          id,
          label: `${namespace}.${name}`,
          detail: description,
          to: `/w/${workspace}/lake/tables/${id}`,
        }));
      },
    },
  ],
};
