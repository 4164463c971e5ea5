import type { Area } from '../../area.ts';

/** The look, to be looked at: for whoever builds a page. Nothing leads here. */
export const design: Area = {
  group: 'none',
  pages: [
    {
      title: 'design',
      path: '/design',
      load: () => import('./design-page.tsx'),
      texts: ['design'],
      open: true,
      unlisted: true,
    },
  ],
};
