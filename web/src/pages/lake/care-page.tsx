import { useTranslation } from 'react-i18next';
import { useApi, useApiChange } from '../../api.ts';
import { Awaited } from '../../parts/awaited.tsx';
import { Card } from '../../parts/card.tsx';
import { Narrow } from '../../parts/columns.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { useMay, useMembership } from '../../session.ts';
import { PolicyForm } from './policy-form.tsx';

/** What is done to all tables by itself; each may differ. */
export default function CarePage() {
  const { t } = useTranslation(['lake', 'common']);
  const slug = useMembership()?.workspace.slug ?? '';
  const may = useMay();
  const policy = useApi('lake_policy.show', {});
  const put = useApiChange('lake_policy.put', { also: ['lake_tables.policy'] });
  return (
    <>
      <PageHeader
        title={t('common:pages.lake_care')}
        crumbs={[{ label: t('common:pages.lake'), to: `/w/${slug}/lake` }]}
        facts={t('policy.about')}
      />
      <Narrow>
        <Card title={t('care.policy')}>
          <Awaited query={policy}>
            {loaded => (
              <PolicyForm
                key={loaded.version}
                policy={loaded.policy}
                version={loaded.version}
                locked={!may('lake:configure')}
                save={(body, version) => put.mutateAsync({ body, version })}
              />
            )}
          </Awaited>
        </Card>
      </Narrow>
    </>
  );
}
