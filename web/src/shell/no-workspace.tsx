import { useTranslation } from 'react-i18next';
import { InstanceIcon } from '../icons.ts';
import { EmptyState } from '../parts/empty-state.tsx';
import { PageHeader } from '../parts/page-header.tsx';
import { useMe } from '../session.ts';

export function NoWorkspace({ slug }: { slug?: string | undefined }) {
  const { t } = useTranslation();
  const me = useMe();
  const icon = <InstanceIcon size={18} />;
  if (slug === undefined)
    return (
      <>
        <PageHeader title={t('no_workspace.none_title')} />
        <EmptyState
          icon={icon}
          title={t('shell.no_workspace')}
          text={t('no_workspace.none_text', { email: me.email ?? me.name })}
        />
      </>
    );
  return (
    <>
      <PageHeader title={t('no_workspace.title', { slug })} />
      <EmptyState icon={icon} title={t('shell.no_workspace')} text={t('no_workspace.text')} />
    </>
  );
}
