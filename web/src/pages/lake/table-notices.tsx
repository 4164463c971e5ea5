import { Alert } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { WarningIcon } from '../../icons.ts';
import type { LakeTableDetail } from './table.ts';

/** Why it cannot be read, and what of it others could not read. */
export function TableNotices({ table }: { table: LakeTableDetail }) {
  const { t } = useTranslation('lake');
  return (
    <>
      {table.error !== null && (
        <Alert color="bad" icon={<WarningIcon size={16} />} title={t('broken')} mb="md">
          <span lang="en">{table.error.message}</span>
        </Alert>
      )}
      {table.warnings.map(warning => (
        <Alert key={warning} color="warn" icon={<WarningIcon size={16} />} mb="md">
          <span lang="en">{warning}</span>
        </Alert>
      ))}
    </>
  );
}
