import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Workspace } from '../../../../src/contract/access.ts';
import { callApi, makeStale } from '../../api.ts';
import { Card } from '../../parts/card.tsx';
import { ConfirmDialog } from '../../parts/confirm-dialog.tsx';
import { toastDone } from '../../parts/toasts.tsx';
import { useMay } from '../../session.ts';
import css from './leave-or-delete.module.css';

/** Ways out of the workspace: the member's own, and the end of the whole. */
export function LeaveOrDelete({ workspace }: { workspace: Workspace }) {
  const { t } = useTranslation('settings');
  const may = useMay();
  const [asked, setAsked] = useState<'leave' | 'delete'>();
  const close = () => setAsked(undefined);
  return (
    <Card title={t('general.danger')}>
      <div className={css.ways}>
        <Way text={t('general.leave_text')} action={t('general.leave')} choose={() => setAsked('leave')} />
        {may('workspace:delete') && (
          <Way
            text={t('general.delete_text')}
            action={t('general.delete')}
            destructive
            choose={() => setAsked('delete')}
          />
        )}
      </div>
      {asked === 'leave' && <LeaveDialog workspace={workspace} onClose={close} />}
      {asked === 'delete' && <DeleteDialog workspace={workspace} onClose={close} />}
    </Card>
  );
}

interface WayProps {
  text: ReactNode;
  action: string;
  destructive?: boolean;
  choose: () => void;
}

function Way({ text, action, destructive = false, choose }: WayProps) {
  return (
    <div className={css.way}>
      <p className="dim">{text}</p>
      <Button color={destructive ? 'bad' : undefined} onClick={choose}>
        {action}
      </Button>
    </div>
  );
}

interface DialogProps {
  workspace: Workspace;
  onClose: () => void;
}

function LeaveDialog({ workspace, onClose }: DialogProps) {
  const { t } = useTranslation('settings');
  const goAway = useGoAway();
  return (
    <ConfirmDialog
      title={t('general.leave_title', { name: workspace.name })}
      action={t('general.leave')}
      destructive
      run={async () => {
        await callApi('members.leave', {}, { workspace: workspace.id });
        await goAway(t('general.left', { name: workspace.name }));
      }}
      onClose={onClose}
    >
      {t('general.leave_text')}
    </ConfirmDialog>
  );
}

function DeleteDialog({ workspace, onClose }: DialogProps) {
  const { t } = useTranslation('settings');
  const goAway = useGoAway();
  return (
    <ConfirmDialog
      title={t('general.delete_title', { name: workspace.name })}
      action={t('general.delete')}
      destructive
      typed={workspace.slug}
      run={async () => {
        await callApi(
          'workspace.delete',
          { query: { confirm: workspace.slug } },
          { workspace: workspace.id },
        );
        await goAway(t('general.deleted', { name: workspace.name }));
      }}
      onClose={onClose}
    >
      {t('general.delete_text')}
    </ConfirmDialog>
  );
}

/** The pages of this workspace have nothing to show any more: to the next one, or to the page that says there is none. */
function useGoAway(): (message: string) => Promise<void> {
  const navigate = useNavigate();
  const queries = useQueryClient();
  return async message => {
    await makeStale(queries, ['me']);
    await navigate({ to: '/', replace: true });
    toastDone({ message });
  };
}
