import { Button } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ROLES, type Role } from '../../../../src/contract/permissions.ts';
import { type ApiOutput, useApiChange } from '../../api.ts';
import { useFormat } from '../../i18n/use-format.ts';
import dialog from '../../parts/dialog.module.css';
import { Dialog } from '../../parts/dialog.tsx';
import type { Field } from '../../parts/form/field.ts';
import { Form } from '../../parts/form/form.tsx';
import { SecretBox } from '../../parts/secret-box.tsx';
import { useMembership } from '../../session.ts';
import { RoleChoice } from './role-choice.tsx';

type Invitation = ApiOutput<'invitations.create'>;
type Values = { email: string; role: Role };

/** First who and as what, then the link to send, this once. */
export function InviteDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation('settings');
  const [made, setMade] = useState<Invitation>();
  const invite = useApiChange('invitations.create');
  const fields = useFields();
  const title =
    made === undefined ? t('invitations.title') : t('invitations.made_title', { email: made.email });
  return (
    <Dialog title={title} firm={made !== undefined} onClose={onClose}>
      {made === undefined ? (
        <Form<Values>
          fields={fields}
          initial={{ email: '', role: 'editor' }}
          submit={t('invitations.make')}
          onCancel={onClose}
          run={async ({ email, role }) => setMade(await invite.mutateAsync({ body: { email, role } }))}
        />
      ) : (
        <MadeLink invitation={made} another={() => setMade(undefined)} done={onClose} />
      )}
    </Dialog>
  );
}

function useFields(): Field<Values>[] {
  const { t } = useTranslation(['settings', 'common']);
  const mine = useMembership();
  return [
    {
      name: 'email',
      kind: 'email',
      label: t('members.email'),
      required: true,
      placeholder: 'name@example.com',
    },
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
  ];
}

interface MadeLinkProps {
  invitation: Invitation;
  another: () => void;
  done: () => void;
}

function MadeLink({ invitation, another, done }: MadeLinkProps) {
  const { t } = useTranslation(['settings', 'common']);
  const { dateTime } = useFormat();
  return (
    <div className={dialog.stack}>
      <p className="dim">
        {t('invitations.link_text', {
          role: t(`common:roles.${invitation.role}`),
          expires: dateTime(invitation.expires_at),
        })}
      </p>
      <SecretBox secret={invitation.url} label={t('invitations.link')} />
      <div className={dialog.buttons}>
        <Button variant="subtle" onClick={another}>
          {t('invitations.another')}
        </Button>
        <Button onClick={done}>{t('invitations.done')}</Button>
      </div>
    </div>
  );
}
