import { useTranslation } from 'react-i18next';
import { useApi, useApiChange } from '../../api.ts';
import { useFormat } from '../../i18n/use-format.ts';
import { Awaited } from '../../parts/awaited.tsx';
import { ConfirmDialog } from '../../parts/confirm-dialog.tsx';
import { toastDone } from '../../parts/toasts.tsx';
import { Comparison } from './compare-card.tsx';
import type { LakeSnapshot, LakeTableDetail } from './table.ts';
import { nameOf } from './table-columns.tsx';

interface RollbackDialogProps {
  table: LakeTableDetail;
  snapshot: LakeSnapshot;
  onClose: () => void;
}

/** What comes back and what goes is shown before anything happens. */
export function RollbackDialog({ table, snapshot, onClose }: RollbackDialogProps) {
  const { t } = useTranslation('lake');
  const { dateTime } = useFormat();
  const { snapshot_id } = snapshot;
  const from = table.snapshot_id ?? undefined;
  const query = { to: snapshot_id, ...(from !== undefined && { from }) };
  const effect = useApi('lake_tables.compare', { params: { id: table.id }, query });
  const rollback = useApiChange('lake_tables.rollback', { also: ['lake'] });
  return (
    <ConfirmDialog
      title={t('rollback.title', { name: nameOf(table), at: dateTime(snapshot.at) })}
      action={t('rollback.action')}
      destructive
      onClose={onClose}
      run={async () => {
        await rollback.mutateAsync({ params: { id: table.id }, body: { snapshot_id } });
        toastDone({ message: t('rollback.done') });
      }}
    >
      <p>{t('rollback.text')}</p>
      <Awaited query={effect}>{compared => <Comparison compared={compared} />}</Awaited>
    </ConfirmDialog>
  );
}
