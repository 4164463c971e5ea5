import { useTranslation } from 'react-i18next';
import { AuditExport } from '../../parts/access/audit-export.tsx';
import { AuditTable, useAuditView } from '../../parts/access/audit-table.tsx';
import { PageHeader } from '../../parts/page-header.tsx';

export default function InstanceAuditPage() {
  const { t } = useTranslation(['instance', 'common']);
  const { view, query } = useAuditView();
  return (
    <>
      <PageHeader
        title={t('common:pages.instance_audit')}
        facts={t('audit.about')}
        actions={<AuditExport route="instance_audit.export" query={query} />}
      />
      <AuditTable route="instance_audit.list" view={view} query={query} />
    </>
  );
}
