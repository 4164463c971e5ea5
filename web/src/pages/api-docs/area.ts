import type { Area } from '../../area.ts';
import { ApiIcon } from '../../icons.ts';

export const apiDocs: Area = {
  group: 'administration',
  icon: ApiIcon,
  pages: [
    {
      title: 'api',
      path: '/api-docs',
      load: () => import('./api-docs-page.tsx'),
      texts: ['api_docs', 'api_texts', 'access'],
    },
  ],
};
