import { type ReactNode, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import {
  isInstanceRight,
  isWorkspacePermission,
  type Permission,
  ROLES,
  roleHolds,
} from '../../../src/contract/permissions.ts';
import type { Page } from '../area.ts';
import { useFormat } from '../i18n/use-format.ts';
import { NoPermissionIcon } from '../icons.ts';
import { EmptyState } from '../parts/empty-state.tsx';
import { PageHeader } from '../parts/page-header.tsx';
import { useMay } from '../session.ts';
import { PendingPage } from './pending-page.tsx';

/** A page, or who could open it. */
export function Guarded({ page, children }: { page: Page; children: ReactNode }) {
  const content = <Suspense fallback={<PendingPage />}>{children}</Suspense>;
  return page.needs === undefined ? content : <Checked page={page} needs={page.needs} content={content} />;
}

function Checked({ page, needs, content }: { page: Page; needs: Permission; content: ReactNode }) {
  const { t } = useTranslation();
  const may = useMay();
  if (may(needs)) return content;
  return (
    <>
      <PageHeader title={t(`pages.${page.title}`)} />
      <NoPermission needs={needs} />
    </>
  );
}

export function NoPermission({ needs }: { needs: Permission }) {
  const { t } = useTranslation();
  const { list } = useFormat();
  const roles = isWorkspacePermission(needs)
    ? list(ROLES.filter(role => roleHolds(role, needs)).map(role => t(`roles.${role}`)))
    : '';
  const text = isInstanceRight(needs)
    ? t('no_permission.instance_text', { permission: needs })
    : t('no_permission.text', { permission: needs, roles });
  return <EmptyState icon={<NoPermissionIcon size={18} />} title={t('no_permission.title')} text={text} />;
}
