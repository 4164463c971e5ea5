import { useTranslation } from 'react-i18next';
import { useApiChange } from '../../api.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { Form } from '../../parts/form/form.tsx';
import { toastDone } from '../../parts/toasts.tsx';
import type { LakeTableDetail } from './table.ts';
import { nameOf } from './table-columns.tsx';

interface EditDialogProps {
  table: LakeTableDetail;
  onClose: () => void;
}

type EditValues = { name: string; description: string };

/** Its name and what is said of it. Files stay where they are, whatever it is called. */
export function EditDialog({ table, onClose }: EditDialogProps) {
  const { t } = useTranslation('lake');
  const edit = useApiChange('lake_tables.edit', { also: ['lake_namespaces'] });
  return (
    <Dialog title={t('edit.title', { name: nameOf(table) })} onClose={onClose}>
      <Form<EditValues>
        fields={[
          { name: 'name', kind: 'text', label: t('edit.name'), required: true },
          { name: 'description', kind: 'long_text', label: t('edit.description') },
        ]}
        initial={{ name: table.name, description: table.description }}
        version={table.version}
        submit={t('edit.save')}
        onCancel={onClose}
        onDone={onClose}
        run={async (body, version) => {
          const answer = await edit.mutateAsync({ params: { id: table.id }, body, version });
          toastDone({ message: t('edit.done', { name: nameOf(answer) }) });
        }}
      />
    </Dialog>
  );
}
