import { Button } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Run } from '../../../../src/contract/runs.ts';
import { type ApiOutput, useApiChange } from '../../api.ts';
import { RetryIcon, StopIcon } from '../../icons.ts';
import { ConfirmDialog } from '../../parts/confirm-dialog.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { toastDone, toastProblem } from '../../parts/toasts.tsx';
import css from './bulk-actions.module.css';

type Outcome = ApiOutput<'runs.cancel_each'>;

interface BulkActionsProps {
  chosen: ReadonlySet<string>;
  /** The rows in sight, for their names. */
  runs: readonly Run[];
  onDone: (chosen: ReadonlySet<string>) => void;
}

/** Cancel or retry all that are chosen; what could not be done is said for each run. */
export function BulkActions({ chosen, runs, onDone }: BulkActionsProps) {
  const { t } = useTranslation(['runs', 'common']);
  const [asking, setAsking] = useState(false);
  const [left, setLeft] = useState<Outcome['left']>([]);
  const cancel = useApiChange('runs.cancel_each');
  const retry = useApiChange('runs.retry_each');
  const body = { ids: [...chosen] };
  const finish = (outcome: Outcome, words: 'cancelled' | 'retried') => {
    if (outcome.done.length > 0)
      toastDone({ message: t(`bulk.${words}`, { count: outcome.done.length, shown: outcome.done.length }) });
    setLeft(outcome.left);
    // What was not done stays chosen; the dialog about it needs this bar, and goes before the rest.
    onDone(new Set(outcome.left.map(one => one.id)));
  };
  return (
    <>
      <Button leftSection={<StopIcon size={14} />} onClick={() => setAsking(true)}>
        {t('bulk.cancel')}
      </Button>
      <Button
        leftSection={<RetryIcon size={14} />}
        loading={retry.isPending}
        onClick={() => retry.mutateAsync({ body }).then(outcome => finish(outcome, 'retried'), toastProblem)}
      >
        {t('bulk.retry')}
      </Button>
      {asking && (
        <ConfirmDialog
          title={t('bulk.cancel_title', { count: chosen.size, shown: chosen.size })}
          action={t('bulk.cancel')}
          destructive
          run={async () => finish(await cancel.mutateAsync({ body }), 'cancelled')}
          onClose={() => setAsking(false)}
        >
          {t('bulk.cancel_text')}
        </ConfirmDialog>
      )}
      {left.length > 0 && <LeftDialog left={left} runs={runs} onClose={() => setLeft([])} />}
    </>
  );
}

interface LeftDialogProps {
  left: Outcome['left'];
  runs: readonly Run[];
  onClose: () => void;
}

function LeftDialog({ left, runs, onClose }: LeftDialogProps) {
  const { t } = useTranslation(['runs', 'common']);
  return (
    <Dialog title={t('bulk.left', { count: left.length, shown: left.length })} onClose={onClose} wide>
      <ul className={css.left}>
        {left.map(({ id, reason }) => (
          <li key={id}>
            <bdi className={css.title}>{runs.find(run => run.id === id)?.title ?? id}</bdi>
            <span className="dim" lang="en">
              {reason}
            </span>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
