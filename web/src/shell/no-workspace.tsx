import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { InstanceIcon } from '../icons.ts';
import { EmptyState } from '../parts/empty-state.tsx';
import { useMe } from '../session.ts';
import css from './broken-page.module.css';

const OFFERED = 5;

/** The workspace of the address is not ours, or there is none at all; what is ours is offered. */
export function NoWorkspace({ slug }: { slug?: string | undefined }) {
  const { t } = useTranslation();
  const me = useMe();
  const title = slug === undefined ? t('no_workspace.none_title') : t('no_workspace.title', { slug });
  useEffect(() => {
    document.title = t('document_title', { title });
  }, [title, t]);
  return (
    <div className={css.broken}>
      <EmptyState
        icon={<InstanceIcon size={18} />}
        heading="h1"
        title={title}
        text={
          slug === undefined
            ? t('no_workspace.none_text', { email: me.email ?? me.name })
            : t('no_workspace.text')
        }
        action={me.memberships.slice(0, OFFERED).map(({ workspace }) => (
          <Button key={workspace.id} component={Link} to={`/w/${workspace.slug}`}>
            {t('no_workspace.open', { name: workspace.name })}
          </Button>
        ))}
      />
    </div>
  );
}
