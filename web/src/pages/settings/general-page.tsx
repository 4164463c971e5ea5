import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Workspace } from '../../../../src/contract/access.ts';
import { callApi, useApi, useApiChange } from '../../api.ts';
import { Awaited } from '../../parts/awaited.tsx';
import { Card } from '../../parts/card.tsx';
import { Narrow } from '../../parts/columns.tsx';
import type { Field } from '../../parts/form/field.ts';
import { Form } from '../../parts/form/form.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { toastDone } from '../../parts/toasts.tsx';
import { useMay } from '../../session.ts';
import { useTimeZones } from '../../time-zones.ts';
import { LeaveOrDelete } from './leave-or-delete.tsx';

type Values = { name: string; slug: string; time_zone: string };

export default function GeneralPage() {
  const { t } = useTranslation(['settings', 'common']);
  const workspace = useApi('workspace.show', {});
  return (
    <>
      <PageHeader title={t('common:pages.general')} facts={t('general.about')} />
      <Awaited query={workspace}>
        {loaded => (
          <Narrow>
            <Card title={t('general.title')}>
              <WorkspaceForm workspace={loaded} />
            </Card>
            <LeaveOrDelete workspace={loaded} />
          </Narrow>
        )}
      </Awaited>
    </>
  );
}

const valuesOf = ({ name, slug, time_zone }: Workspace): Values => ({ name, slug, time_zone });

function WorkspaceForm({ workspace }: { workspace: Workspace }) {
  const { t } = useTranslation('settings');
  const navigate = useNavigate();
  const may = useMay();
  const edit = useApiChange('workspace.edit', { also: ['me'] });
  const save = async (values: Values, version: number) => {
    const saved = await edit.mutateAsync({ body: values, version });
    toastDone({ message: t('general.saved') });
    if (saved.slug !== workspace.slug) await navigate({ to: `/w/${saved.slug}/settings`, replace: true });
  };
  return (
    <Form<Values>
      editing
      draft={`workspace.${workspace.id}`}
      fields={useFields(!may('workspace:edit'))}
      initial={valuesOf(workspace)}
      version={workspace.version}
      submit={t('general.save')}
      run={save}
      reload={async () => {
        const now = await callApi('workspace.show', {}, { workspace: workspace.id });
        return { values: valuesOf(now), version: now.version };
      }}
    />
  );
}

function useFields(disabled: boolean): Field<Values>[] {
  const { t } = useTranslation('settings');
  const zones = useTimeZones();
  return [
    { name: 'name', kind: 'text', label: t('general.name'), required: true, disabled },
    {
      name: 'slug',
      kind: 'text',
      label: t('general.slug'),
      description: t('general.slug_help'),
      required: true,
      mono: true,
      disabled,
    },
    {
      name: 'time_zone',
      kind: 'choice',
      label: t('general.time_zone'),
      description: t('general.time_zone_help'),
      required: true,
      options: zones,
      disabled,
    },
  ];
}
