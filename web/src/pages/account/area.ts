import type { Area } from '../../area.ts';

export const account: Area = {
  group: 'none',
  title: 'account',
  sections: true,
  pages: [
    {
      title: 'profile',
      path: '/account/profile',
      load: () => import('./profile-page.tsx'),
      texts: ['account', 'access'],
    },
    {
      title: 'password',
      path: '/account/password',
      load: () => import('./password-page.tsx'),
      texts: ['account'],
    },
    {
      title: 'sessions',
      path: '/account/sessions',
      load: () => import('./sessions-page.tsx'),
      texts: ['account'],
    },
    {
      title: 'tokens',
      path: '/account/tokens',
      load: () => import('./tokens-page.tsx'),
      texts: ['account', 'access'],
    },
  ],
};
