import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Schedule } from '../../../../src/contract/schedules.ts';
import { useApiChange } from '../../api.ts';
import { ConfirmDialog } from '../../parts/confirm-dialog.tsx';
import { toastDone, toastProblem } from '../../parts/toasts.tsx';
import { useMembership } from '../../session.ts';

/** What can be done with a schedule from its row and from its page. */
export function useScheduleActions() {
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
        onDone={() => navigate({ to: `/w/${slug}/schedules` })}
      />
    ),
  };
}

interface DeleteDialogProps {
  schedule: Schedule;
  onClose: () => void;
  onDone: () => void;
}

function DeleteDialog({ schedule, onClose, onDone }: DeleteDialogProps) {
  const { t } = useTranslation('schedules');
  const remove = useApiChange('schedules.delete');
  const { id, name } = schedule;
  return (
    <ConfirmDialog
      title={t('delete_title', { name })}
      action={t('delete')}
      destructive
      run={async () => {
        await remove.mutateAsync({ params: { id } });
        toastDone({ message: t('deleted', { name }) });
      }}
      onClose={onClose}
      onDone={() => {
        onClose();
        onDone();
      }}
    >
      {t('delete_text')}
    </ConfirmDialog>
  );
}
