import { useTranslation } from 'react-i18next';
import { useApiChange } from '../../api.ts';
import { Dialog } from '../../parts/dialog.tsx';
import type { Field } from '../../parts/form/field.ts';
import { Form } from '../../parts/form/form.tsx';
import { toastDone } from '../../parts/toasts.tsx';

type Values = { name: string; value: string };

/** A new secret, or a new value under a name that stays. The value is never read back. */
export function SecretDialog({ name, onClose }: { name?: string; onClose: () => void }) {
  const { t } = useTranslation('settings');
  const put = useApiChange('secrets.put');
  const naming: Field<Values> = {
    name: 'name',
    kind: 'text',
    label: t('secrets.name'),
    description: t('secrets.name_help'),
    required: true,
    mono: true,
  };
  const value: Field<Values> = {
    name: 'value',
    kind: 'password',
    label: t('secrets.value'),
    required: true,
    autoComplete: 'off',
  };
  return (
    <Dialog
      title={name === undefined ? t('secrets.set') : t('secrets.replace_title', { name })}
      onClose={onClose}
    >
      <Form<Values>
        fields={name === undefined ? [naming, value] : [value]}
        initial={{ name: name ?? '', value: '' }}
        submit={name === undefined ? t('secrets.save') : t('secrets.replace')}
        run={async values => {
          await put.mutateAsync({ params: { name: values.name }, body: { value: values.value } });
          toastDone({ message: t('secrets.saved', { name: values.name }) });
        }}
        onCancel={onClose}
        onDone={onClose}
      />
    </Dialog>
  );
}
