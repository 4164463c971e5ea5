import { useTranslation } from 'react-i18next';
import { AuditExport } from '../../parts/access/audit-export.tsx';
import { AuditTable, useAuditView } from '../../parts/access/audit-table.tsx';
import { PageHeader } from '../../parts/page-header.tsx';

export default function AuditPage() {
  const { t } = useTranslation(['settings', 'common']);
  const { view, query } = useAuditView();
  return (
    <>
      <PageHeader
        title={t('common:pages.audit')}
        facts={t('audit.about')}
        actions={<AuditExport route="audit.export" query={query} />}
      />
      <AuditTable route="audit.list" view={view} query={query} />
    </>
  );
}
