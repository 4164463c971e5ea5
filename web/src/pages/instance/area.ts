import type { Area } from '../../area.ts';
import { InstanceIcon } from '../../icons.ts';

export const instance: Area = {
  group: 'administration',
  title: 'instance',
  icon: InstanceIcon,
  sections: true,
  pages: [
    {
      title: 'health',
      path: '/instance/health',
      load: () => import('./health-page.tsx'),
      texts: ['instance', 'config'],
      needs: 'instance:health',
      key: 'i',
    },
    {
      title: 'workers',
      path: '/instance/workers',
      load: () => import('../workers/workers-page.tsx'),
      texts: ['workers'],
      needs: 'instance:workers',
    },
    {
      title: 'workspaces',
      path: '/instance/workspaces',
      load: () => import('./workspaces-page.tsx'),
      texts: ['instance'],
      needs: 'instance:workspaces',
    },
    {
      title: 'people',
      path: '/instance/people',
      load: () => import('./people-page.tsx'),
      texts: ['instance', 'access'],
      needs: 'instance:users',
    },
    {
      title: 'instance_key',
      path: '/instance/key',
      load: () => import('./key-page.tsx'),
      texts: ['instance'],
      needs: 'instance:keys',
    },
    {
      title: 'instance_audit',
      path: '/instance/audit',
      load: () => import('./audit-page.tsx'),
      texts: ['instance', 'access'],
      needs: 'instance:audit',
    },
  ],
};
