import { ActionIcon, Button, useMantineColorScheme } from '@mantine/core';
import { type ReactNode, useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { fromMantine, toMantine } from '../../color-scheme.ts';
import { changeLanguage } from '../../i18n/i18n.ts';
import { LANGUAGES } from '../../i18n/languages.ts';
import { useLanguage } from '../../i18n/use-format.ts';
import { rememberLanguage } from '../../preferences.ts';
import { Mark } from '../../shell/mark.tsx';
import { SCHEMES } from '../../shell/user-menu.tsx';
import css from './door.module.css';

/** What stands around the pages before anybody is known: the mark, one card, language and theme. */
export function Door({ title, text, children }: { title: string; text?: ReactNode; children: ReactNode }) {
  const { t } = useTranslation();
  useEffect(() => {
    document.title = t('document_title', { title });
  }, [title, t]);
  return (
    <div className={css.door}>
      <main className={css.card}>
        <p className={css.brand}>
          <Mark size={28} /> Moulin
        </p>
        <div className={css.words}>
          <h1>{title}</h1>
          {text !== undefined && <div className="dim">{text}</div>}
        </div>
        {children}
      </main>
      <footer className={css.foot}>
        <LanguageChoice />
        <ThemeChoice />
      </footer>
    </div>
  );
}

function LanguageChoice() {
  const { t } = useTranslation();
  const language = useLanguage();
  return LANGUAGES.map(offered => (
    <Button
      key={offered}
      variant="subtle"
      lang={offered}
      aria-pressed={offered === language}
      className={css.choice}
      onClick={() => {
        rememberLanguage(offered);
        void changeLanguage(offered);
      }}
    >
      {t(`languages.${offered}`)}
    </Button>
  ));
}

function ThemeChoice() {
  const { t } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme({ keepTransitions: true });
  return (
    <fieldset className={css.themes}>
      <legend>{t('theme.label')}</legend>
      {SCHEMES.map(({ scheme, icon: Icon }) => (
        <ActionIcon
          key={scheme}
          aria-label={t(`theme.${scheme}`)}
          aria-pressed={scheme === fromMantine(colorScheme)}
          className={css.choice}
          onClick={() => setColorScheme(toMantine(scheme))}
        >
          <Icon size={16} aria-hidden="true" />
        </ActionIcon>
      ))}
    </fieldset>
  );
}
