import { useNavigate } from '@tanstack/react-router';
import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { Schedule } from '../../../../src/contract/schedules.ts';
import { useApiChange } from '../../api.ts';
import { Card } from '../../parts/card.tsx';
import { Narrow } from '../../parts/columns.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { toastDone } from '../../parts/toasts.tsx';
import { useMembership } from '../../session.ts';
import { ScheduleForm } from './schedule-form.tsx';
import { newValues } from './schedule-values.ts';

const EXAMPLE: Schedule['definition'] = {
  title: '',
  tasks: [
    {
      name: 'diagnostic',
      kind: 'diagnostic',
      input: { steps: [{ do: 'log', lines: 50, per_second: 10, text: 'turning' }] },
      after: [],
      condition: 'all_succeeded',
      tags: [],
      keys: [],
    },
  ],
  parameters: {},
};

export default function NewSchedulePage() {
  const { t } = useTranslation(['schedules', 'common']);
  const navigate = useNavigate();
  const slug = useMembership()?.workspace.slug ?? '';
  const create = useApiChange('schedules.create');
  const made = useRef('');
  return (
    <>
      <PageHeader
        title={t('common:pages.new_schedule')}
        crumbs={[{ label: t('common:pages.schedules'), to: `/w/${slug}/schedules` }]}
        facts={t('form.about')}
      />
      <Narrow>
        <Card title={t('settings')}>
          <ScheduleForm
            draft={`schedule.new.${slug}`}
            initial={newValues(EXAMPLE)}
            definition={EXAMPLE}
            submit={t('form.make')}
            save={async body => {
              const { id, name } = await create.mutateAsync({ body });
              made.current = id;
              toastDone({ message: t('made', { name }) });
            }}
            onDone={() => void navigate({ to: `/w/${slug}/schedules/${made.current}` })}
          />
        </Card>
      </Narrow>
    </>
  );
}
