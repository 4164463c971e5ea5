import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { callApi, useApiChange } from '../../api.ts';
import { KeyIcon, PersonIcon, RoleIcon } from '../../icons.ts';
import { ConfirmDialog } from '../../parts/confirm-dialog.tsx';
import { RowMenu } from '../../parts/row-menu.tsx';
import { toastDone, toastProblem } from '../../parts/toasts.tsx';
import { LinkDialog } from './link-dialog.tsx';
import type { Person } from './person.ts';
import { RightsDialog } from './rights-dialog.tsx';

type Asked = 'rights' | 'link' | 'disable';

export function PersonActions({ person }: { person: Person }) {
  const { t } = useTranslation('instance');
  const [asked, setAsked] = useState<Asked>();
  const close = () => setAsked(undefined);
  const setDisabled = useSetDisabled(person);
  return (
    <>
      <RowMenu
        name={person.name}
        actions={[
          { label: t('people.edit_rights'), icon: <RoleIcon size={15} />, run: () => setAsked('rights') },
          { label: t('people.link'), icon: <KeyIcon size={15} />, run: () => setAsked('link') },
          person.disabled
            ? {
                label: t('people.enable'),
                icon: <PersonIcon size={15} />,
                run: () => void setDisabled(false).catch(toastProblem),
              }
            : {
                label: t('people.disable'),
                icon: <PersonIcon size={15} />,
                destructive: true,
                run: () => setAsked('disable'),
              },
        ]}
      />
      {asked === 'rights' && <RightsDialog person={person} onClose={close} />}
      {asked === 'link' && <LinkDialog person={person} onClose={close} />}
      {asked === 'disable' && (
        <ConfirmDialog
          title={t('people.disable_title', { name: person.name })}
          action={t('people.disable')}
          destructive
          run={() => setDisabled(true)}
          onClose={close}
        >
          {t('people.disable_text')}
        </ConfirmDialog>
      )}
    </>
  );
}

function useSetDisabled(person: Person): (disabled: boolean) => Promise<void> {
  const { t } = useTranslation('instance');
  const edit = useApiChange('users.edit');
  return async disabled => {
    // The row may be older than the account: what counts is the version of now.
    const { version } = await callApi('users.show', { params: { id: person.id } });
    await edit.mutateAsync({ params: { id: person.id }, body: { disabled }, version });
    toastDone({
      message: t(disabled ? 'people.disabled_done' : 'people.enabled_done', { name: person.name }),
    });
  };
}
