import { Button } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type ApiOutput, callApi } from '../../api.ts';
import { useFormat } from '../../i18n/use-format.ts';
import { ConfirmDialog } from '../../parts/confirm-dialog.tsx';
import dialog from '../../parts/dialog.module.css';
import { Dialog } from '../../parts/dialog.tsx';
import { SecretBox } from '../../parts/secret-box.tsx';
import type { Person } from './person.ts';

type OneTimeLink = ApiOutput<'users.link'>;

/** Asked first: a link that is made takes the earlier ones away. */
export function LinkDialog({ person, onClose }: { person: Person; onClose: () => void }) {
  const { t } = useTranslation('instance');
  const [made, setMade] = useState<OneTimeLink>();
  if (made !== undefined) return <MadeLink person={person} link={made} onClose={onClose} />;
  return (
    <ConfirmDialog
      title={t('people.link_confirm_title', { email: person.email })}
      action={t('people.make_link')}
      run={async () => setMade(await callApi('users.link', { body: { email: person.email } }))}
      onClose={onClose}
      // The link follows, in a dialog of its own.
      onDone={() => {}}
    >
      {t('people.link_confirm')}
    </ConfirmDialog>
  );
}

interface MadeLinkProps {
  person: Person;
  link: OneTimeLink;
  onClose: () => void;
}

function MadeLink({ person, link, onClose }: MadeLinkProps) {
  const { t } = useTranslation('instance');
  const { dateTime } = useFormat();
  return (
    <Dialog firm title={t('people.link_title', { email: person.email })} onClose={onClose}>
      <div className={dialog.stack}>
        <p className="dim">{t('people.link_text', { expires: dateTime(link.expires_at) })}</p>
        <SecretBox secret={link.url} label={t('people.link_label')} />
        <div className={dialog.buttons}>
          <Button onClick={onClose}>{t('people.done')}</Button>
        </div>
      </div>
    </Dialog>
  );
}
