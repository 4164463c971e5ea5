import { useTranslation } from 'react-i18next';
import { Dialog } from '../dialog.tsx';
import css from './scopes-dialog.module.css';
import type { Token } from './token.ts';
import { type Right, usePermissionText } from './words.ts';

/** What a token was narrowed to, in words. */
export function ScopesDialog({ token, onClose }: { token: Token; onClose: () => void }) {
  const { t } = useTranslation('access');
  const permissionText = usePermissionText();
  const rights = token.scopes.filter((scope): scope is Right => scope !== '*');
  return (
    <Dialog title={t('tokens.scopes_of', { name: token.name })} onClose={onClose}>
      {rights.length === 0 ? (
        <p>{t('tokens.scopes_all', { owner: token.owner.name })}</p>
      ) : (
        <ul className={css.scopes}>
          {rights.map(right => (
            <li key={right}>
              {permissionText(right)} <code translate="no">{right}</code>
            </li>
          ))}
        </ul>
      )}
    </Dialog>
  );
}
