import type { Area } from '../../area.ts';
import { RunIcon } from '../../icons.ts';

export const runs: Area = {
  group: 'work',
  icon: RunIcon,
  // An event is about a run; what is shown of its tasks has changed with it.
  stale: { run: ['tasks'] },
  pages: [
    {
      title: 'runs',
      path: '/w/$workspace/runs',
      load: () => import('./runs-page.tsx'),
      texts: ['runs', 'access'],
      needs: 'runs:read',
      key: 'r',
    },
    {
      title: 'run',
      path: '/w/$workspace/runs/$run',
      load: () => import('./run-page.tsx'),
      texts: ['runs'],
      needs: 'runs:read',
      unlisted: true,
    },
  ],
};
