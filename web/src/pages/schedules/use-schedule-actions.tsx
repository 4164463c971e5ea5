import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Schedule } from '../../../../src/contract/schedules.ts';
import { useApiChange } from '../../api.ts';
import { ConfirmDialog } from '../../parts/confirm-dialog.tsx';
import { toastDone, toastProblem } from '../../parts/toasts.tsx';
import { useMembership } from '../../session.ts';

interface Options {
  /** A page of the schedule itself must not ask for it again while it goes. */
  onDeleting?: (deleting: boolean) => void;
}

/** What can be done with a schedule from its row and from its page. */
export function useScheduleActions({ onDeleting }: Options = {}) {
  const { t } = useTranslation('schedules');
  const navigate = useNavigate();
  const slug = useMembership()?.workspace.slug ?? '';
  const edit = useApiChange('schedules.edit');
  const run = useApiChange('schedules.run', { also: ['runs'] });
  const [deleting, setDeleting] = useState<Schedule>();
  return {
    busy: edit.isPending || run.isPending,
    setEnabled: ({ id, name, version }: Schedule, enabled: boolean) => {
      const change = { params: { id }, body: { enabled }, version };
      const done = () => toastDone({ message: t(enabled ? 'resumed' : 'paused', { name }) });
      edit.mutateAsync(change).then(done, toastProblem);
    },
    /** Whoever starts something wants to see it work. */
    runNow: ({ id }: Schedule) => {
      run
        .mutateAsync({ params: { id } })
        .then(({ run_id }) => navigate({ to: `/w/${slug}/runs/${run_id}` }))
        .catch(toastProblem);
    },
    open: ({ id }: Schedule) => void navigate({ to: `/w/${slug}/schedules/${id}` }),
    askToDelete: setDeleting,
    dialog: deleting !== undefined && (
      <DeleteDialog
        schedule={deleting}
        onClose={() => setDeleting(undefined)}
        onDeleting={onDeleting}
        onDeleted={() => navigate({ to: `/w/${slug}/schedules` })}
      />
    ),
  };
}

interface DeleteDialogProps extends Options {
  schedule: Schedule;
  onClose: () => void;
  onDeleted: () => Promise<void>;
}

function DeleteDialog({ schedule, onClose, onDeleting, onDeleted }: DeleteDialogProps) {
  const { t } = useTranslation('schedules');
  const remove = useApiChange('schedules.delete');
  const { id, name } = schedule;
  return (
    <ConfirmDialog
      title={t('delete_title', { name })}
      action={t('delete')}
      destructive
      run={async () => {
        onDeleting?.(true);
        await remove.mutateAsync({ params: { id } }).catch(error => {
          onDeleting?.(false);
          throw error;
        });
        toastDone({ message: t('deleted', { name }) });
        await onDeleted();
      }}
      onClose={onClose}
    >
      {t('delete_text')}
    </ConfirmDialog>
  );
}
