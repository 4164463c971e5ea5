import { useTranslation } from 'react-i18next';
import { useApiChange, useApiList } from '../../api.ts';
import type { Token } from '../../parts/access/token.ts';
import { TokenTable } from '../../parts/access/token-table.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import type { Column } from '../../parts/table/column.ts';
import { useMay } from '../../session.ts';

export default function WorkspaceTokensPage() {
  const { t } = useTranslation(['settings', 'common']);
  const may = useMay();
  const list = useApiList('tokens.list', {});
  const revoke = useApiChange('tokens.delete', { also: ['my_tokens'] });
  return (
    <>
      <PageHeader title={t('common:pages.workspace_tokens')} facts={t('tokens.about')} />
      <TokenTable
        id="workspace-tokens"
        list={list}
        between={useOwnerColumn()}
        revoke={
          may('service_accounts:edit') ? token => revoke.mutateAsync({ params: { id: token.id } }) : undefined
        }
        empty={{ title: t('tokens.empty'), text: t('tokens.empty_text') }}
      />
    </>
  );
}

function useOwnerColumn(): Column<Token> {
  const { t } = useTranslation('access');
  return {
    id: 'owner',
    header: t('tokens.owner'),
    value: token => token.owner.name,
    cell: ({ owner }) => (
      <>
        <bdi title={owner.name}>{owner.name}</bdi>{' '}
        <span className="faint">
          {owner.kind === 'service' ? t('tokens.service_account') : t('tokens.person')}
        </span>
      </>
    ),
  };
}
