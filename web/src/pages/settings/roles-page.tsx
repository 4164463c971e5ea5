import { useTranslation } from 'react-i18next';
import { ROLES } from '../../../../src/contract/permissions.ts';
import { Card } from '../../parts/card.tsx';
import { Stack } from '../../parts/columns.tsx';
import { Facts } from '../../parts/facts.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { PermissionTable } from './permission-table.tsx';

export default function RolesPage() {
  const { t } = useTranslation(['settings', 'access', 'common']);
  return (
    <>
      <PageHeader title={t('common:pages.roles')} facts={t('roles.about')} />
      <Stack>
        <Card title={t('roles.roles')}>
          <Facts
            facts={ROLES.map(role => ({
              term: t(`common:roles.${role}`),
              value: t(`access:role_about.${role}`),
            }))}
          />
        </Card>
        <Card title={t('roles.permissions')} flush>
          <PermissionTable />
        </Card>
      </Stack>
    </>
  );
}
