import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useApiChange } from '../../api.ts';
import { DeleteIcon, EditIcon, ExportIcon } from '../../icons.ts';
import { ConfirmDialog } from '../../parts/confirm-dialog.tsx';
import { type RowAction, RowMenu } from '../../parts/row-menu.tsx';
import { toastDone } from '../../parts/toasts.tsx';
import { useMay, useMembership } from '../../session.ts';
import { EditDialog } from './edit-dialog.tsx';
import { ExportDialog } from './export-dialog.tsx';
import { isOurs, type LakeTableDetail } from './table.ts';
import { nameOf } from './table-columns.tsx';

const DIALOGS = { edit: EditDialog, export: ExportDialog, drop: DropDialog } as const;

/** What is done to the whole of it. */
export function TableMenu({ table }: { table: LakeTableDetail }) {
  const { t } = useTranslation('lake');
  const may = useMay();
  const [open, setOpen] = useState<keyof typeof DIALOGS>();
  const writable = isOurs(table) && may('lake:write');
  const offered: (RowAction | false)[] = [
    writable && { label: t('edit.open'), icon: <EditIcon size={15} />, run: () => setOpen('edit') },
    table.kind === 'table' &&
      table.error === null && {
        label: t('export.open'),
        icon: <ExportIcon size={15} />,
        run: () => setOpen('export'),
      },
    // Also one that cannot be read: that is when one wants to be rid of it.
    table.mount === null &&
      may('lake:write') && {
        label: t('drop.open'),
        icon: <DeleteIcon size={15} />,
        destructive: true,
        run: () => setOpen('drop'),
      },
  ];
  const Dialog = open && DIALOGS[open];
  return (
    <>
      <RowMenu name={nameOf(table)} actions={offered.filter(action => action !== false)} />
      {Dialog && <Dialog table={table} onClose={() => setOpen(undefined)} />}
    </>
  );
}

interface DialogProps {
  table: LakeTableDetail;
  onClose: () => void;
}

function DropDialog({ table, onClose }: DialogProps) {
  const { t } = useTranslation('lake');
  const navigate = useNavigate();
  const slug = useMembership()?.workspace.slug ?? '';
  const drop = useApiChange('lake_tables.delete', { also: ['lake', 'lake_namespaces'] });
  const name = nameOf(table);
  return (
    <ConfirmDialog
      title={t('drop.title', { name })}
      action={t('drop.action')}
      destructive
      typed={table.name}
      onClose={onClose}
      run={async () => {
        // Away from here first: the page of what is gone must not ask for it again.
        await navigate({ to: `/w/${slug}/lake` });
        await drop.mutateAsync({ params: { id: table.id }, query: {} });
        toastDone({ message: t('drop.done', { name }) });
      }}
    >
      {t('drop.text')}
    </ConfirmDialog>
  );
}
