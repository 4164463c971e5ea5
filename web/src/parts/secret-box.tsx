import { useTranslation } from 'react-i18next';
import { WarningIcon } from '../icons.ts';
import { CopyButton } from './copy-button.tsx';
import css from './secret-box.module.css';

/** A token or a link that is shown this once. It lives in the page's memory only: no storage, no address, no log. */
export function SecretBox({ secret, label }: { secret: string; label: string }) {
  const { t } = useTranslation();
  return (
    <div className={css.box}>
      <p className={css.once}>
        <WarningIcon size={16} aria-hidden="true" />
        {t('secret.once')}
      </p>
      <div className={css.line}>
        <input
          className={css.value}
          readOnly
          value={secret}
          aria-label={label}
          autoComplete="off"
          spellCheck={false}
          onFocus={event => event.currentTarget.select()}
        />
        <CopyButton text={secret} variant="filled" />
      </div>
    </div>
  );
}
