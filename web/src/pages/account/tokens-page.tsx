import { Button } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Me } from '../../../../src/contract/access.ts';
import { isInstanceRight, roleHolds } from '../../../../src/contract/permissions.ts';
import { useApiChange, useApiList } from '../../api.ts';
import { AddIcon } from '../../icons.ts';
import type { Token } from '../../parts/access/token.ts';
import { TokenDialog } from '../../parts/access/token-dialog.tsx';
import { TokenTable } from '../../parts/access/token-table.tsx';
import type { Right } from '../../parts/access/words.ts';
import { PageHeader } from '../../parts/page-header.tsx';
import type { Column } from '../../parts/table/column.ts';
import { useMe } from '../../session.ts';

export default function TokensPage() {
  const { t } = useTranslation(['account', 'access', 'common']);
  const me = useMe();
  const list = useApiList('my_tokens.list', {});
  const revoke = useApiChange('my_tokens.delete');
  const [making, setMaking] = useState(false);
  const make = (
    <Button variant="filled" leftSection={<AddIcon size={15} />} onClick={() => setMaking(true)}>
      {t('access:tokens.make')}
    </Button>
  );
  const isEmpty = list.rows?.length === 0;
  return (
    <>
      <PageHeader title={t('common:pages.tokens')} facts={t('tokens.about')} actions={!isEmpty && make} />
      <TokenTable
        id="my-tokens"
        list={list}
        between={useWorkspaceColumn(me)}
        revoke={token => revoke.mutateAsync({ params: { id: token.id } })}
        empty={{ title: t('tokens.empty'), text: t('tokens.empty_text'), action: make }}
      />
      {making && <NewToken me={me} onClose={() => setMaking(false)} />}
    </>
  );
}

function NewToken({ me, onClose }: { me: Me; onClose: () => void }) {
  const { t } = useTranslation('access');
  const create = useApiChange('my_tokens.create');
  return (
    <TokenDialog
      everything={t('tokens.scopes_all_me')}
      workspaces={me.memberships.map(({ workspace }) => ({ value: workspace.slug, label: workspace.name }))}
      holds={(permission, slug) => holdsIn(me, permission, slug)}
      create={({ name, workspace, scopes, expires_in_days }) =>
        create.mutateAsync({ body: { name, workspace, scopes, expires_in_days } })
      }
      onClose={onClose}
    />
  );
}

/** What a token can be given depends on the role in the workspace it is for. */
function holdsIn(me: Me, permission: Right, slug: string): boolean {
  if (isInstanceRight(permission)) return me.instance_rights.includes(permission);
  const membership = me.memberships.find(({ workspace }) => workspace.slug === slug);
  return membership !== undefined && roleHolds(membership.role, permission);
}

function useWorkspaceColumn(me: Me): Column<Token> {
  const { t } = useTranslation('access');
  return {
    id: 'workspace',
    header: t('tokens.workspace'),
    value: token =>
      me.memberships.find(({ workspace }) => workspace.id === token.workspace_id)?.workspace.name ??
      token.workspace_id,
  };
}
