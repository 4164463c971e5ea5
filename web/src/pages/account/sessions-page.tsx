import { Button } from '@mantine/core';
import type { TFunction } from 'i18next';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Item, useApiChange, useApiList } from '../../api.ts';
import { ConfirmDialog } from '../../parts/confirm-dialog.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { RelativeTime } from '../../parts/relative-time.tsx';
import { StatePill } from '../../parts/state-pill.tsx';
import type { Column } from '../../parts/table/column.ts';
import { DataTable } from '../../parts/table/data-table.tsx';
import { useTableView } from '../../parts/table/use-table-view.ts';
import { toastDone } from '../../parts/toasts.tsx';
import { deviceOf } from './device.ts';

type Session = Item<'sessions.list'>;

export default function SessionsPage() {
  const { t } = useTranslation(['account', 'common']);
  const list = useApiList('sessions.list', {});
  const end = useApiChange('sessions.delete');
  const view = useTableView();
  const [asked, setAsked] = useState<Session>();
  const others = list.rows?.some(session => !session.current) ?? false;
  return (
    <>
      <PageHeader
        title={t('common:pages.sessions')}
        facts={t('sessions.about')}
        actions={others && <EndOthers />}
      />
      <DataTable
        id="sessions"
        caption={t('sessions.caption')}
        columns={useColumns()}
        list={list}
        rowId={session => session.id}
        view={view}
        empty={{ title: t('sessions.empty') }}
        actions={session =>
          session.current ? null : (
            <Button
              variant="subtle"
              aria-label={t('sessions.end_session', { device: deviceName(session, t) })}
              onClick={() => setAsked(session)}
            >
              {t('sessions.end')}
            </Button>
          )
        }
      />
      {asked !== undefined && (
        <ConfirmDialog
          title={t('sessions.end_title', { device: deviceName(asked, t) })}
          action={t('sessions.end')}
          destructive
          run={async () => {
            await end.mutateAsync({ params: { id: asked.id } });
            toastDone({ message: t('sessions.ended', { device: deviceName(asked, t) }) });
          }}
          onClose={() => setAsked(undefined)}
        >
          {t('sessions.end_text')}
        </ConfirmDialog>
      )}
    </>
  );
}

function EndOthers() {
  const { t } = useTranslation(['account', 'common']);
  const [asked, setAsked] = useState(false);
  const endOthers = useApiChange('sessions.delete_others');
  return (
    <>
      <Button onClick={() => setAsked(true)}>{t('sessions.end_others')}</Button>
      {asked && (
        <ConfirmDialog
          title={t('sessions.end_others_title')}
          action={t('sessions.end_others')}
          destructive
          run={async () => {
            const { ended } = await endOthers.mutateAsync({});
            toastDone({ message: t('sessions.others_ended', { count: ended }) });
          }}
          onClose={() => setAsked(false)}
        >
          {t('sessions.end_others_text')}
        </ConfirmDialog>
      )}
    </>
  );
}

function useColumns(): Column<Session>[] {
  const { t } = useTranslation(['account', 'common']);
  return [
    {
      id: 'device',
      header: t('sessions.device'),
      value: session => deviceName(session, t),
      cell: session => <DeviceCell session={session} />,
      wide: true,
    },
    { id: 'ip', header: t('sessions.ip'), value: session => session.ip, mono: true },
    {
      id: 'last_seen',
      header: t('sessions.last_seen'),
      value: session => session.last_seen_at,
      cell: session => <RelativeTime at={session.last_seen_at} />,
    },
    {
      id: 'created',
      header: t('sessions.created'),
      value: session => session.created_at,
      cell: session => <RelativeTime at={session.created_at} />,
    },
    {
      id: 'expires',
      header: t('sessions.expires'),
      value: session => session.expires_at,
      cell: session => <RelativeTime at={session.expires_at} />,
      optional: 'shown',
    },
  ];
}

function DeviceCell({ session }: { session: Session }) {
  const { t } = useTranslation(['account', 'common']);
  return (
    <span title={session.user_agent}>
      {deviceName(session, t)}{' '}
      {session.current && <StatePill state="succeeded">{t('sessions.current')}</StatePill>}
    </span>
  );
}

function deviceName(session: Session, t: TFunction<['account', 'common']>): string {
  const { browser, system } = deviceOf(session.user_agent);
  if (browser === null) return system ?? t('sessions.unknown_device');
  return system === null ? browser : t('sessions.device_on', { browser, system });
}
