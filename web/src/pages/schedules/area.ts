import type { Area } from '../../area.ts';
import { ScheduleIcon } from '../../icons.ts';

export const schedules: Area = {
  group: 'work',
  icon: ScheduleIcon,
  // What the list shows of the last run moves with the runs; what comes next stands on Home.
  stale: { run: ['schedules.list', 'schedules.show'], schedule: ['runs.summary'], calendar: ['schedules'] },
  pages: [
    {
      title: 'schedules',
      path: '/w/$workspace/schedules',
      load: () => import('./schedules-page.tsx'),
      texts: ['schedules'],
      needs: 'schedules:read',
      key: 'c',
    },
    {
      title: 'new_schedule',
      path: '/w/$workspace/schedules/new',
      load: () => import('./new-schedule-page.tsx'),
      texts: ['schedules'],
      needs: 'schedules:edit',
      unlisted: true,
    },
    {
      title: 'calendars',
      path: '/w/$workspace/schedules/calendars',
      load: () => import('./calendars-page.tsx'),
      texts: ['schedules'],
      needs: 'schedules:read',
    },
    {
      title: 'new_calendar',
      path: '/w/$workspace/schedules/calendars/new',
      load: () => import('./new-calendar-page.tsx'),
      texts: ['schedules'],
      needs: 'schedules:edit',
      unlisted: true,
    },
    {
      title: 'calendar',
      path: '/w/$workspace/schedules/calendars/$calendar',
      load: () => import('./calendar-page.tsx'),
      texts: ['schedules'],
      needs: 'schedules:read',
      unlisted: true,
    },
    {
      title: 'schedule',
      path: '/w/$workspace/schedules/$schedule',
      load: () => import('./schedule-page.tsx'),
      texts: ['schedules'],
      needs: 'schedules:read',
      unlisted: true,
    },
  ],
};
