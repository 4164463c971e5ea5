import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { SearchIcon } from '../icons.ts';
import { EmptyState } from '../parts/empty-state.tsx';
import css from './broken-page.module.css';

export function NotFound() {
  const { t } = useTranslation();
  const title = t('not_found.title');
  useEffect(() => {
    document.title = t('document_title', { title });
  }, [title, t]);
  return (
    <div className={css.broken}>
      <EmptyState
        icon={<SearchIcon size={18} />}
        heading="h1"
        title={title}
        text={t('not_found.text')}
        action={
          <Button component={Link} to="/" variant="filled">
            {t('not_found.home')}
          </Button>
        }
      />
    </div>
  );
}

/** An address of no area at all: nobody may be signed in, so nothing stands around it. */
export function NotFoundOutside() {
  return (
    <main>
      <NotFound />
    </main>
  );
}
