import { Button, Menu } from '@mantine/core';
import { useContext } from 'react';
import { useTranslation } from 'react-i18next';
import { callApi, WorkspaceScope } from '../../api.ts';
import { saveStream } from '../../download.ts';
import { ExportIcon } from '../../icons.ts';
import { toastProblem } from '../toasts.tsx';
import type { AuditQuery } from './audit-table.tsx';

const FORMATS = ['csv', 'ndjson'] as const;

/** All pages of what the filters leave, made by the server. */
export function AuditExport({
  route,
  query,
}: {
  route: 'audit.export' | 'instance_audit.export';
  query: AuditQuery;
}) {
  const { t } = useTranslation('access');
  const workspace = useContext(WorkspaceScope);
  const save = async (format: (typeof FORMATS)[number]) =>
    saveStream(await callApi(route, { query: { ...query, format } }, { workspace }), `audit.${format}`);
  return (
    <Menu>
      <Menu.Target>
        <Button leftSection={<ExportIcon size={15} />}>{t('audit.export')}</Button>
      </Menu.Target>
      <Menu.Dropdown>
        {FORMATS.map(format => (
          <Menu.Item key={format} onClick={() => save(format).catch(toastProblem)}>
            {t(`audit.export_${format}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
