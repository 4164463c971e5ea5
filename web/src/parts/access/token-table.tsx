import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { WholeList } from '../../api.ts';
import { DeleteIcon, RoleIcon } from '../../icons.ts';
import { ConfirmDialog } from '../confirm-dialog.tsx';
import { RelativeTime } from '../relative-time.tsx';
import { RowMenu } from '../row-menu.tsx';
import { StatePill } from '../state-pill.tsx';
import type { Column } from '../table/column.ts';
import { DataTable } from '../table/data-table.tsx';
import type { DataTableProps } from '../table/data-table-props.ts';
import { useTableView } from '../table/use-table-view.ts';
import { toastDone } from '../toasts.tsx';
import { ScopesDialog } from './scopes-dialog.tsx';
import type { Token } from './token.ts';

interface TokenTableProps {
  id: string;
  list: WholeList<Token>;
  /** What tells the tokens of this list apart, besides their names. */
  between?: Column<Token>;
  revoke?: (token: Token) => Promise<unknown>;
  empty: DataTableProps<Token>['empty'];
}

export function TokenTable({ id, list, between, revoke, empty }: TokenTableProps) {
  const { t } = useTranslation('access');
  const view = useTableView();
  const [asked, setAsked] = useState<{ token: Token; to: 'see' | 'revoke' }>();
  const close = () => setAsked(undefined);
  return (
    <>
      <DataTable
        id={id}
        caption={t('tokens.caption')}
        columns={useTokenColumns(between)}
        list={list}
        rowId={token => token.id}
        view={view}
        search={t('tokens.search')}
        empty={empty}
        actions={token => (
          <RowMenu
            name={token.name}
            actions={[
              {
                label: t('tokens.show_scopes'),
                icon: <RoleIcon size={15} />,
                run: () => setAsked({ token, to: 'see' }),
              },
              ...(revoke === undefined
                ? []
                : [
                    {
                      label: t('tokens.revoke'),
                      icon: <DeleteIcon size={15} />,
                      destructive: true,
                      run: () => setAsked({ token, to: 'revoke' }),
                    },
                  ]),
            ]}
          />
        )}
      />
      {asked?.to === 'see' && <ScopesDialog token={asked.token} onClose={close} />}
      {asked?.to === 'revoke' && revoke !== undefined && (
        <RevokeDialog token={asked.token} revoke={revoke} onClose={close} />
      )}
    </>
  );
}

interface RevokeDialogProps {
  token: Token;
  revoke: (token: Token) => Promise<unknown>;
  onClose: () => void;
}

function RevokeDialog({ token, revoke, onClose }: RevokeDialogProps) {
  const { t } = useTranslation('access');
  return (
    <ConfirmDialog
      title={t('tokens.revoke_title', { name: token.name })}
      action={t('tokens.revoke')}
      destructive
      run={async () => {
        await revoke(token);
        toastDone({ message: t('tokens.revoked', { name: token.name }) });
      }}
      onClose={onClose}
    >
      {t('tokens.revoke_text')}
    </ConfirmDialog>
  );
}

function useTokenColumns(between: Column<Token> | undefined): Column<Token>[] {
  const { t } = useTranslation('access');
  const columns: (Column<Token> | undefined)[] = [
    { id: 'name', header: t('tokens.name'), value: token => token.name, wide: true },
    between,
    {
      id: 'prefix',
      header: t('tokens.prefix'),
      value: token => `${token.prefix}…`,
      mono: true,
      sortable: false,
      // Where a column more tells the tokens apart there is less room, and less need.
      optional: between === undefined ? 'shown' : 'hidden',
    },
    {
      id: 'may',
      header: t('tokens.may'),
      value: token => token.scopes.join(' '),
      cell: token => <Scopes scopes={token.scopes} />,
      sortable: false,
    },
    { id: 'last_used', header: t('tokens.last_used'), value: token => token.last_used_at, cell: lastUsed },
    {
      id: 'expires',
      header: t('tokens.expires'),
      value: token => token.expires_at,
      cell: token => <Expiry at={token.expires_at} />,
    },
    {
      id: 'created',
      header: t('tokens.created'),
      value: token => token.created_at,
      cell: token => <RelativeTime at={token.created_at} />,
      optional: 'hidden',
    },
  ];
  return columns.filter(column => column !== undefined);

  function lastUsed(token: Token) {
    if (token.last_used_at === null) return <span className="faint">{t('tokens.never_used')}</span>;
    return <RelativeTime at={token.last_used_at} />;
  }
}

function Scopes({ scopes }: { scopes: readonly string[] }) {
  const { t } = useTranslation('access');
  if (scopes.includes('*')) return t('scopes.everything');
  const [only] = scopes;
  return scopes.length === 1 ? (
    <code translate="no">{only}</code>
  ) : (
    t('scopes.count', { count: scopes.length })
  );
}

function Expiry({ at }: { at: string | null }) {
  const { t } = useTranslation('access');
  if (at === null) return <span className="faint">{t('tokens.never')}</span>;
  // Compared when the list is drawn: a token that expires while it is looked at shows so after the next refresh.
  if (Date.parse(at) < Date.now()) return <StatePill state="failed">{t('tokens.expired')}</StatePill>;
  return <RelativeTime at={at} />;
}
