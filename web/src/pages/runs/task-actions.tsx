import { Button, SegmentedControl, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useApiChange } from '../../api.ts';
import { ConfirmDialog } from '../../parts/confirm-dialog.tsx';
import { toastDone, toastProblem } from '../../parts/toasts.tsx';
import { useMay } from '../../session.ts';
import { isOver, type TaskDetail } from './run.ts';
import css from './task-pane.module.css';

/** What can be done with a task in the state it is in; nothing where nothing can. */
export function TaskActions({ task }: { task: TaskDetail }) {
  const { t } = useTranslation('runs');
  const may = useMay();
  const [asked, setAsked] = useState<'cancel' | 'mark'>();
  const retry = useApiChange('tasks.retry', { also: ['runs'] });
  const params = { id: task.id };
  const over = isOver(task);
  const close = () => setAsked(undefined);
  return (
    <div className={css.actions}>
      {may('runs:start') && !over && (
        <Button disabled={task.state === 'cancelling'} onClick={() => setAsked('cancel')}>
          {t('task.cancel')}
        </Button>
      )}
      {may('runs:start') && over && (
        <Button
          loading={retry.isPending}
          onClick={() =>
            retry
              .mutateAsync({ params })
              .then(() => toastDone({ message: t('task.retried', { name: task.name }) }), toastProblem)
          }
        >
          {t('task.retry')}
        </Button>
      )}
      {may('runs:mark') && over && (
        <Button variant="subtle" onClick={() => setAsked('mark')}>
          {t('task.mark')}
        </Button>
      )}
      {asked === 'cancel' && <CancelDialog task={task} onClose={close} />}
      {asked === 'mark' && <MarkDialog task={task} onClose={close} />}
    </div>
  );
}

interface DialogProps {
  task: TaskDetail;
  onClose: () => void;
}

function CancelDialog({ task, onClose }: DialogProps) {
  const { t } = useTranslation('runs');
  const cancel = useApiChange('tasks.cancel', { also: ['runs'] });
  return (
    <ConfirmDialog
      title={t('task.cancel_title', { name: task.name })}
      action={t('task.cancel')}
      destructive
      run={() => cancel.mutateAsync({ params: { id: task.id } })}
      onClose={onClose}
    >
      {t('task.cancel_text')}
    </ConfirmDialog>
  );
}

/** A word of a person against that of the machine: it stays visible who said it, and why. */
function MarkDialog({ task, onClose }: DialogProps) {
  const { t } = useTranslation(['runs', 'common']);
  const mark = useApiChange('tasks.mark', { also: ['runs'] });
  const ways = (['succeeded', 'failed'] as const).filter(as => as !== task.state);
  const [as, setAs] = useState(ways[0] ?? 'succeeded');
  const [reason, setReason] = useState('');
  return (
    <ConfirmDialog
      title={t('task.mark_title', { name: task.name })}
      action={t('task.mark')}
      run={() => mark.mutateAsync({ params: { id: task.id }, body: { as, reason: reason.trim() } })}
      onClose={onClose}
    >
      <div className={css.mark}>
        <p>{t('task.mark_text')}</p>
        <SegmentedControl
          aria-label={t('task.mark_as')}
          data={ways.map(value => ({ value, label: t(`common:run_states.${value}`) }))}
          value={as}
          onChange={value => setAs(value === 'failed' ? 'failed' : 'succeeded')}
        />
        <TextInput
          label={t('task.reason')}
          required
          maxLength={500}
          value={reason}
          onChange={event => setReason(event.currentTarget.value)}
          data-autofocus
        />
      </div>
    </ConfirmDialog>
  );
}
