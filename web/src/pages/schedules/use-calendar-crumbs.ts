import { useTranslation } from 'react-i18next';
import type { Crumb } from '../../parts/page-header.tsx';
import { useMembership } from '../../session.ts';

export function useCalendarCrumbs(): Crumb[] {
  const { t } = useTranslation();
  const slug = useMembership()?.workspace.slug ?? '';
  return [
    { label: t('pages.schedules'), to: `/w/${slug}/schedules` },
    { label: t('pages.calendars'), to: `/w/${slug}/schedules/calendars` },
  ];
}
