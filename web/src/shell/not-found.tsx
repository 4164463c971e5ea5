import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { SearchIcon } from '../icons.ts';
import { EmptyState } from '../parts/empty-state.tsx';
import { PageHeader } from '../parts/page-header.tsx';
import css from './broken-page.module.css';

export function NotFound() {
  const { t } = useTranslation();
  return (
    <>
      <PageHeader title={t('not_found.title')} />
      <EmptyState
        icon={<SearchIcon size={18} />}
        title="404"
        text={t('not_found.text')}
        action={
          <Button component={Link} to="/" variant="filled">
            {t('not_found.home')}
          </Button>
        }
      />
    </>
  );
}

/** An address of no area at all: nobody may be signed in, so nothing stands around it. */
export function NotFoundOutside() {
  return (
    <main className={css.outside}>
      <NotFound />
    </main>
  );
}
