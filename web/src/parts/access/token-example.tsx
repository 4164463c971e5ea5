import { useTranslation } from 'react-i18next';
import { CopyButton } from '../copy-button.tsx';
import css from './token-example.module.css';

/** The first request with a new token, ready to paste into a terminal. */
export function TokenExample({ token }: { token: string }) {
  const { t } = useTranslation('access');
  const command = `curl ${location.origin}/api/v1/workspace -H 'Authorization: Bearer ${token}'`;
  return (
    <div className={css.example}>
      <p className="small dim">{t('tokens.try')}</p>
      <pre className={css.command} translate="no">
        {command}
      </pre>
      <CopyButton text={command} variant="subtle" className={css.copy} />
    </div>
  );
}
