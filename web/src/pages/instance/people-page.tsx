import { useTranslation } from 'react-i18next';
import { INSTANCE_RIGHTS } from '../../../../src/contract/permissions.ts';
import { useApiList } from '../../api.ts';
import { PageHeader } from '../../parts/page-header.tsx';
import { RelativeTime } from '../../parts/relative-time.tsx';
import { StatePill } from '../../parts/state-pill.tsx';
import type { Column } from '../../parts/table/column.ts';
import { DataTable } from '../../parts/table/data-table.tsx';
import { useTableView } from '../../parts/table/use-table-view.ts';
import { useMe } from '../../session.ts';
import type { Person } from './person.ts';
import { PersonActions } from './person-actions.tsx';

export default function PeoplePage() {
  const { t } = useTranslation(['instance', 'common']);
  const list = useApiList('users.list', {});
  const view = useTableView({ filters: ['state'] });
  return (
    <>
      <PageHeader title={t('common:pages.people')} facts={t('people.about')} />
      <DataTable
        id="people"
        caption={t('people.caption')}
        columns={useColumns()}
        list={list}
        rowId={person => person.id}
        view={view}
        search={t('people.search')}
        filters={[
          {
            id: 'state',
            label: t('people.state'),
            kind: 'choice',
            options: [
              { value: 'active', label: t('people.active') },
              { value: 'disabled', label: t('people.disabled') },
            ],
            matches: (person, state) => person.disabled === (state === 'disabled'),
          },
        ]}
        empty={{ title: t('people.empty') }}
        actions={person => <PersonActions person={person} />}
      />
    </>
  );
}

function useColumns(): Column<Person>[] {
  const { t } = useTranslation('instance');
  const me = useMe();
  return [
    {
      id: 'name',
      header: t('people.name'),
      value: person => person.name,
      cell: person => <PersonName person={person} isMe={person.id === me.id} />,
      wide: true,
    },
    { id: 'email', header: t('people.email'), value: person => person.email },
    {
      id: 'workspaces',
      header: t('people.workspaces'),
      value: person => person.workspaces,
      figures: true,
    },
    {
      id: 'rights',
      header: t('people.rights'),
      value: person => person.instance_rights.join(' '),
      cell: person => <Rights rights={person.instance_rights} />,
    },
    {
      id: 'since',
      header: t('people.since'),
      value: person => person.created_at,
      cell: person => <RelativeTime at={person.created_at} />,
    },
  ];
}

function PersonName({ person, isMe }: { person: Person; isMe: boolean }) {
  const { t } = useTranslation('instance');
  return (
    <>
      <bdi title={person.name}>{person.name}</bdi>{' '}
      {isMe && <span className="faint">({t('people.you')}) </span>}
      {person.disabled && <StatePill state="paused">{t('people.disabled')}</StatePill>}
      {!person.has_password && <span className="faint">{t('people.no_password')}</span>}
    </>
  );
}

function Rights({ rights }: { rights: Person['instance_rights'] }) {
  const { t } = useTranslation('instance');
  if (rights.length === 0) return <span className="faint">{t('people.no_rights')}</span>;
  if (rights.length === INSTANCE_RIGHTS.length) return t('people.all_rights');
  return <span title={rights.join(' ')}>{t('people.rights_count', { count: rights.length })}</span>;
}
