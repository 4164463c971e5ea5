import type { Area } from '../../area.ts';
import { AuditIcon, SettingsIcon } from '../../icons.ts';

export const settings: Area = {
  group: 'administration',
  title: 'settings',
  icon: SettingsIcon,
  sections: true,
  // Beside the lists of the event's own noun, and the log, which every event is a line of.
  stale: {
    '': ['audit', 'instance_audit'],
    member: ['me', 'invitations', 'users'],
    token: ['my_tokens', 'service_accounts'],
    workspace: ['me', 'workspaces'],
    // The bell of the header counts them.
    incident: ['runs.summary'],
  },
  pages: [
    {
      title: 'general',
      path: '/w/$workspace/settings',
      load: () => import('./general-page.tsx'),
      texts: ['settings'],
      needs: 'workspace:read',
      key: 's',
    },
    {
      title: 'members',
      path: '/w/$workspace/settings/members',
      load: () => import('./members-page.tsx'),
      texts: ['settings', 'access'],
      needs: 'members:read',
      key: 'm',
    },
    {
      title: 'roles',
      path: '/w/$workspace/settings/roles',
      load: () => import('./roles-page.tsx'),
      texts: ['settings', 'access'],
      needs: 'workspace:read',
    },
    {
      title: 'service_accounts',
      path: '/w/$workspace/settings/service-accounts',
      load: () => import('./service-accounts-page.tsx'),
      texts: ['settings', 'access'],
      needs: 'service_accounts:read',
    },
    {
      title: 'service_account',
      path: '/w/$workspace/settings/service-accounts/$id',
      load: () => import('./service-account-page.tsx'),
      texts: ['settings', 'access'],
      needs: 'service_accounts:read',
      unlisted: true,
    },
    {
      title: 'workspace_tokens',
      path: '/w/$workspace/settings/tokens',
      load: () => import('./tokens-page.tsx'),
      texts: ['settings', 'access'],
      needs: 'service_accounts:read',
    },
    {
      title: 'secrets',
      path: '/w/$workspace/settings/secrets',
      load: () => import('./secrets-page.tsx'),
      texts: ['settings'],
      needs: 'secrets:read',
    },
    {
      title: 'notifications',
      path: '/w/$workspace/settings/notifications',
      load: () => import('../alerts/notifications-page.tsx'),
      texts: ['alerts'],
      needs: 'alerts:read',
    },
  ],
};

/** A place of its own: whoever reads the log comes for that alone, and often. */
export const audit: Area = {
  group: 'administration',
  icon: AuditIcon,
  pages: [
    {
      title: 'audit',
      path: '/w/$workspace/audit',
      load: () => import('./audit-page.tsx'),
      texts: ['settings', 'access'],
      needs: 'audit:read',
      key: 'a',
    },
  ],
};
