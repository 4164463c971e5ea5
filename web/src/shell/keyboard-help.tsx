import { Switch } from '@mantine/core';
import { Fragment, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { pageAddress } from '../areas.ts';
import { PAGE_KEYS, SHORTCUTS } from '../keys.ts';
import { Dialog } from '../parts/dialog.tsx';
import { characterKeys, rememberCharacterKeys } from '../preferences.ts';
import { useMay, useMembership } from '../session.ts';
import css from './keyboard-help.module.css';

export function KeyboardHelp({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const may = useMay();
  const workspace = useMembership()?.workspace.slug;
  const [characters, setCharacters] = useState(characterKeys);
  const pages = PAGE_KEYS.filter(({ page }) => may(page.needs) && pageAddress(page, workspace) !== undefined);
  return (
    <Dialog onClose={onClose} title={t('keys.title')}>
      <h3 className={css.group}>{t('keys.general')}</h3>
      <dl className={css.map}>
        {SHORTCUTS.map(({ keys, does }) => (
          <Fragment key={does}>
            <dt>
              <Keys keys={keys} />
            </dt>
            <dd>{t(`keys.${does}`)}</dd>
          </Fragment>
        ))}
      </dl>
      {pages.length > 0 && (
        <>
          <h3 className={css.group}>{t('keys.pages')}</h3>
          <dl className={css.map}>
            {pages.map(({ key, page }) => (
              <Fragment key={key}>
                <dt>
                  <kbd>G</kbd> <span className="faint small">{t('keys.then')}</span>{' '}
                  <kbd>{key.toUpperCase()}</kbd>
                </dt>
                <dd>{t(`pages.${page.title}`)}</dd>
              </Fragment>
            ))}
          </dl>
        </>
      )}
      <Switch
        className={css.switch}
        label={t('keys.characters')}
        checked={characters}
        onChange={event => {
          setCharacters(event.currentTarget.checked);
          rememberCharacterKeys(event.currentTarget.checked);
        }}
      />
    </Dialog>
  );
}

function Keys({ keys }: { keys: readonly string[] }) {
  const mac = /Mac|iPhone|iPad/.test(navigator.userAgent);
  return keys.map(key => (
    <Fragment key={key}>
      <kbd>{key === 'mod' ? (mac ? '⌘' : 'Ctrl') : key}</kbd>{' '}
    </Fragment>
  ));
}
