import { useTranslation } from 'react-i18next';
import { ROLES, type Role } from '../../../../src/contract/permissions.ts';
import { Dialog } from '../../parts/dialog.tsx';
import type { Versioned } from '../../parts/form/draft.ts';
import { Form } from '../../parts/form/form.tsx';
import { useMembership } from '../../session.ts';
import { RoleChoice } from './role-choice.tsx';

export type ServiceAccountValues = { name: string; role: Role };

interface ServiceAccountDialogProps {
  title: string;
  submit: string;
  initial: ServiceAccountValues;
  /** Of an account that exists. */
  version?: number;
  run: (values: ServiceAccountValues, version: number) => Promise<unknown>;
  reload?: () => Promise<Versioned<ServiceAccountValues>>;
  onClose: () => void;
}

export function ServiceAccountDialog(props: ServiceAccountDialogProps) {
  const { title, submit, initial, version, run, reload, onClose } = props;
  const { t } = useTranslation(['settings', 'common']);
  const mine = useMembership();
  return (
    <Dialog title={title} onClose={onClose}>
      <Form<ServiceAccountValues>
        editing={version !== undefined}
        fields={[
          {
            name: 'name',
            kind: 'text',
            label: t('service_accounts.name'),
            description: t('service_accounts.name_help'),
            placeholder: t('service_accounts.name_placeholder'),
            required: true,
          },
          {
            name: 'role',
            kind: 'choice',
            label: t('service_accounts.role'),
            options: ROLES.map(role => ({ value: role, label: t(`common:roles.${role}`) })),
            input: ({ values, error, onChange }) => (
              <RoleChoice
                value={values.role}
                mayMakeOwners={mine?.role === 'owner'}
                error={error}
                onChange={onChange}
              />
            ),
          },
        ]}
        initial={initial}
        version={version}
        submit={submit}
        run={run}
        reload={reload}
        onCancel={onClose}
        onDone={onClose}
      />
    </Dialog>
  );
}
