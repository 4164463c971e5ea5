import { Button, Checkbox, PasswordInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useApiChange } from '../../api.ts';
import { ConfirmDialog } from '../../parts/confirm-dialog.tsx';
import type { Field, InputProps } from '../../parts/form/field.ts';
import { Form } from '../../parts/form/form.tsx';
import { toastDone } from '../../parts/toasts.tsx';
import css from './alerts.module.css';
import { bodyOf, FORMATS, KINDS, valuesOf, type Webhook, type WebhookValues } from './webhook.ts';

/** Where the workspace is told. The address and the secret go in and never come out. */
export function WebhookForm({ webhook, locked }: { webhook: Webhook | null; locked: boolean }) {
  const { t } = useTranslation('alerts');
  const put = useApiChange('webhook.put');
  const [deleting, setDeleting] = useState(false);
  return (
    <fieldset className={css.fieldset} disabled={locked}>
      <Form<WebhookValues>
        // Saved for the first time it is another form: the address is no longer needed.
        key={webhook === null ? 'new' : 'saved'}
        editing={webhook !== null}
        fields={useFields(webhook)}
        initial={valuesOf(webhook)}
        version={webhook?.version ?? 0}
        submit={t('save')}
        run={async values => {
          await put.mutateAsync({ body: bodyOf(values) });
          toastDone({ message: t('saved') });
        }}
      >
        {webhook !== null && (
          <Button variant="subtle" color="bad" className={css.remove} onClick={() => setDeleting(true)}>
            {t('delete')}
          </Button>
        )}
      </Form>
      {deleting && <DeleteDialog onClose={() => setDeleting(false)} />}
    </fieldset>
  );
}

function useFields(webhook: Webhook | null): Field<WebhookValues>[] {
  const { t } = useTranslation('alerts');
  return [
    { name: 'enabled', kind: 'yes_no', label: t('enabled') },
    {
      name: 'format',
      kind: 'choice',
      label: t('format'),
      required: true,
      options: FORMATS.map(value => ({ value, label: t(`formats.${value}`) })),
    },
    {
      name: 'url',
      kind: 'text',
      label: t('url'),
      description: webhook === null ? t('url_help') : t('url_kept', { url: webhook.shown_url }),
      required: webhook === null,
      mono: true,
    },
    {
      name: 'signing_secret',
      kind: 'password',
      label: t('secret'),
      input: props => props.values.format === 'json' && <SecretInput {...props} webhook={webhook} />,
    },
    {
      name: 'unsigned',
      kind: 'yes_no',
      label: t('unsigned'),
      input: ({ value, values, onChange }) =>
        webhook?.has_signing_secret === true &&
        values.format === 'json' &&
        values.signing_secret === '' && (
          <Checkbox
            label={t('unsigned')}
            checked={value === true}
            onChange={event => onChange(event.currentTarget.checked)}
          />
        ),
    },
    {
      name: 'on_kinds',
      kind: 'choices',
      label: t('kinds_label'),
      required: true,
      options: KINDS.map(value => ({ value, label: t(`kinds.${value}`) })),
    },
  ];
}

function SecretInput({
  value,
  error,
  onChange,
  webhook,
}: InputProps<WebhookValues> & { webhook: Webhook | null }) {
  const { t } = useTranslation(['alerts', 'common']);
  return (
    <PasswordInput
      label={t('secret')}
      description={t(webhook?.has_signing_secret === true ? 'secret_kept' : 'secret_help')}
      value={typeof value === 'string' ? value : ''}
      error={error}
      autoComplete="new-password"
      visibilityToggleButtonProps={{ 'aria-label': t('common:form.show_password') }}
      onChange={event => onChange(event.currentTarget.value)}
    />
  );
}

function DeleteDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation('alerts');
  const remove = useApiChange('webhook.delete');
  return (
    <ConfirmDialog
      title={t('delete_title')}
      action={t('delete')}
      destructive
      run={async () => {
        await remove.mutateAsync({});
        toastDone({ message: t('deleted') });
      }}
      onClose={onClose}
    >
      {t('delete_text')}
    </ConfirmDialog>
  );
}
