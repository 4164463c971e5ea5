import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Member } from '../../../../src/contract/access.ts';
import { ROLES, type Role } from '../../../../src/contract/permissions.ts';
import { callApi, useApiChange } from '../../api.ts';
import { DeleteIcon, RoleIcon } from '../../icons.ts';
import { ConfirmDialog } from '../../parts/confirm-dialog.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { Form } from '../../parts/form/form.tsx';
import { RowMenu } from '../../parts/row-menu.tsx';
import { toastDone } from '../../parts/toasts.tsx';
import { useMembership } from '../../session.ts';
import { RoleChoice } from './role-choice.tsx';

export function MemberActions({ member }: { member: Member }) {
  const { t } = useTranslation('settings');
  const [asked, setAsked] = useState<'role' | 'remove'>();
  const close = () => setAsked(undefined);
  return (
    <>
      <RowMenu
        name={member.name}
        actions={[
          { label: t('members.change_role'), icon: <RoleIcon size={15} />, run: () => setAsked('role') },
          {
            label: t('members.remove'),
            icon: <DeleteIcon size={15} />,
            destructive: true,
            run: () => setAsked('remove'),
          },
        ]}
      />
      {asked === 'role' && <RoleDialog member={member} onClose={close} />}
      {asked === 'remove' && <RemoveDialog member={member} onClose={close} />}
    </>
  );
}

interface DialogProps {
  member: Member;
  onClose: () => void;
}

type Values = { role: Role };

function RoleDialog({ member, onClose }: DialogProps) {
  const { t } = useTranslation(['settings', 'common']);
  const edit = useApiChange('members.edit', { also: ['me'] });
  const mine = useMembership();
  const change = async (role: Role, version: number) => {
    const saved = await edit.mutateAsync({ params: { id: member.user_id }, body: { role }, version });
    toastDone({
      message: t('members.role_changed', { name: saved.name, role: t(`common:roles.${saved.role}`) }),
      undo: () =>
        edit.mutateAsync({
          params: { id: member.user_id },
          body: { role: member.role },
          version: saved.version,
        }),
    });
  };
  return (
    <Dialog title={t('members.change_role_title', { name: member.name })} onClose={onClose}>
      <Form<Values>
        editing
        fields={[
          {
            name: 'role',
            kind: 'choice',
            label: t('members.role'),
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
        initial={{ role: member.role }}
        version={member.version}
        submit={t('members.save_role')}
        onCancel={onClose}
        run={({ role }, version) => change(role, version)}
        reload={async () => {
          const now = await callApi(
            'members.show',
            { params: { id: member.user_id } },
            { workspace: mine?.workspace.slug },
          );
          return { values: { role: now.role }, version: now.version };
        }}
        onDone={onClose}
      >
        {member.source === 'group' && <p className="small dim">{t('members.group_note')}</p>}
      </Form>
    </Dialog>
  );
}

function RemoveDialog({ member, onClose }: DialogProps) {
  const { t } = useTranslation('settings');
  const remove = useApiChange('members.delete', { also: ['me'] });
  return (
    <ConfirmDialog
      title={t('members.remove_title', { name: member.name })}
      action={t('members.remove')}
      destructive
      run={async () => {
        await remove.mutateAsync({ params: { id: member.user_id } });
        toastDone({ message: t('members.removed', { name: member.name }) });
      }}
      onClose={onClose}
    >
      {t('members.remove_text')}
    </ConfirmDialog>
  );
}
