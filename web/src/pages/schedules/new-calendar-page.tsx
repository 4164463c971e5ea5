import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useApiChange } from '../../api.ts';
import { Card } from '../../parts/card.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { toastDone } from '../../parts/toasts.tsx';
import { useMembership } from '../../session.ts';
import { CalendarForm, calendarValues } from './calendar-form.tsx';
import css from './calendar-page.module.css';
import { useCalendarCrumbs } from './use-calendar-crumbs.ts';

const EMPTY = calendarValues({ name: '', blackouts: [] });

export default function NewCalendarPage() {
  const { t } = useTranslation(['schedules', 'common']);
  const navigate = useNavigate();
  const slug = useMembership()?.workspace.slug ?? '';
  const create = useApiChange('calendars.create');
  return (
    <>
      <PageHeader
        title={t('common:pages.new_calendar')}
        crumbs={useCalendarCrumbs()}
        facts={t('calendars.about')}
      />
      <div className={css.page}>
        <Card>
          <CalendarForm
            draft={`calendar.new.${slug}`}
            initial={EMPTY}
            submit={t('calendars.make')}
            save={async body => {
              await create.mutateAsync({ body });
              toastDone({ message: t('made', { name: body.name }) });
            }}
            onDone={() => void navigate({ to: `/w/${slug}/schedules/calendars` })}
          />
        </Card>
      </div>
    </>
  );
}
