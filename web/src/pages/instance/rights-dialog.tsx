import { Checkbox } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { INSTANCE_RIGHTS } from '../../../../src/contract/permissions.ts';
import { callApi, useApiChange } from '../../api.ts';
import { usePermissionText } from '../../parts/access/words.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { Form } from '../../parts/form/form.tsx';
import { toastDone } from '../../parts/toasts.tsx';
import type { Person } from './person.ts';
import css from './rights-dialog.module.css';

type Values = { instance_rights: string[] };

export function RightsDialog({ person, onClose }: { person: Person; onClose: () => void }) {
  const { t } = useTranslation('instance');
  const permissionText = usePermissionText();
  const edit = useApiChange('users.edit', { also: ['me'] });
  return (
    <Dialog title={t('people.rights_title', { name: person.name })} onClose={onClose}>
      <Form<Values>
        editing
        fields={[
          {
            name: 'instance_rights',
            kind: 'choices',
            label: t('people.rights'),
            options: INSTANCE_RIGHTS.map(right => ({ value: right, label: permissionText(right) })),
            input: ({ values, error, onChange }) => (
              <Checkbox.Group
                label={t('people.rights')}
                description={t('people.rights_help')}
                value={values.instance_rights}
                error={error}
                onChange={onChange}
              >
                <div className={css.rights}>
                  {INSTANCE_RIGHTS.map(right => (
                    <Checkbox key={right} value={right} label={permissionText(right)} />
                  ))}
                </div>
              </Checkbox.Group>
            ),
          },
        ]}
        initial={{ instance_rights: inOrder(person.instance_rights) }}
        version={person.version}
        submit={t('people.save_rights')}
        run={async ({ instance_rights }, version) => {
          await edit.mutateAsync({
            params: { id: person.id },
            body: { instance_rights: INSTANCE_RIGHTS.filter(right => instance_rights.includes(right)) },
            version,
          });
          toastDone({ message: t('people.rights_saved', { name: person.name }) });
        }}
        reload={async () => {
          const now = await callApi('users.show', { params: { id: person.id } });
          return { values: { instance_rights: inOrder(now.instance_rights) }, version: now.version };
        }}
        onCancel={onClose}
        onDone={onClose}
      />
    </Dialog>
  );
}

/** One order for all, so that ticking a box twice is no change. */
function inOrder(rights: readonly string[]): string[] {
  return INSTANCE_RIGHTS.filter(right => rights.includes(right));
}
