import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Member } from '../../../../src/contract/access.ts';
import { ROLES } from '../../../../src/contract/permissions.ts';
import { useApiList } from '../../api.ts';
import { AddIcon } from '../../icons.ts';
import { Stack } from '../../parts/columns.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { RelativeTime } from '../../parts/relative-time.tsx';
import { StatePill } from '../../parts/state-pill.tsx';
import type { Column } from '../../parts/table/column.ts';
import { DataTable } from '../../parts/table/data-table.tsx';
import { useTableView } from '../../parts/table/use-table-view.ts';
import { useMay, useMe, useMembership } from '../../session.ts';
import { Invitations } from './invitations.tsx';
import { InviteDialog } from './invite-dialog.tsx';
import { MemberActions } from './member-actions.tsx';

export default function MembersPage() {
  const { t } = useTranslation(['settings', 'common']);
  const may = useMay();
  const slug = useMembership()?.workspace.slug ?? '';
  const [inviting, setInviting] = useState(false);
  return (
    <>
      <PageHeader
        title={t('common:pages.members')}
        facts={t('members.about')}
        actions={
          <>
            <Button component={Link} to={`/w/${slug}/settings/roles`} variant="subtle">
              {t('members.what_roles_do')}
            </Button>
            {may('members:edit') && (
              <Button variant="filled" leftSection={<AddIcon size={15} />} onClick={() => setInviting(true)}>
                {t('members.invite')}
              </Button>
            )}
          </>
        }
      />
      <Stack>
        <MemberTable />
        {may('members:edit') && <Invitations />}
      </Stack>
      {inviting && <InviteDialog onClose={() => setInviting(false)} />}
    </>
  );
}

function MemberTable() {
  const { t } = useTranslation(['settings', 'common']);
  const may = useMay();
  const list = useApiList('members.list', {});
  const view = useTableView({ filters: ['role'] });
  return (
    <DataTable
      id="members"
      caption={t('members.caption')}
      columns={useColumns()}
      list={list}
      rowId={member => member.user_id}
      view={view}
      search={t('members.search')}
      filters={[
        {
          id: 'role',
          label: t('members.any_role'),
          kind: 'choice',
          options: ROLES.map(role => ({ value: role, label: t(`common:roles.${role}`) })),
          matches: (member, role) => member.role === role,
        },
      ]}
      empty={{ title: t('members.empty') }}
      actions={may('members:edit') ? member => <MemberActions member={member} /> : undefined}
    />
  );
}

function useColumns(): Column<Member>[] {
  const { t } = useTranslation(['settings', 'common']);
  const me = useMe();
  return [
    {
      id: 'name',
      header: t('members.name'),
      value: member => member.name,
      cell: member => <MemberName member={member} isMe={member.user_id === me.id} />,
      wide: true,
    },
    { id: 'email', header: t('members.email'), value: member => member.email },
    { id: 'role', header: t('members.role'), value: member => t(`common:roles.${member.role}`) },
    {
      id: 'source',
      header: t('members.source'),
      value: member => t(`members.sources.${member.source}`),
      optional: 'hidden',
    },
    {
      id: 'since',
      header: t('members.since'),
      value: member => member.created_at,
      cell: member => <RelativeTime at={member.created_at} />,
    },
  ];
}

function MemberName({ member, isMe }: { member: Member; isMe: boolean }) {
  const { t } = useTranslation('settings');
  return (
    <>
      <bdi title={member.name}>{member.name}</bdi>{' '}
      {isMe && <span className="faint">({t('members.you')})</span>}
      {member.disabled && <StatePill state="paused">{t('members.disabled')}</StatePill>}
    </>
  );
}
