import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { SearchIcon } from '../icons.ts';
import { EmptyState } from '../parts/empty-state.tsx';
import { PageHeader } from '../parts/page-header.tsx';

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
