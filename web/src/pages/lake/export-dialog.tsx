import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { callApi, useApi, useApiChange } from '../../api.ts';
import { saveStream } from '../../download.ts';
import { ExportIcon } from '../../icons.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { Form } from '../../parts/form/form.tsx';
import { RunStatePill } from '../../parts/run-state.tsx';
import { toastProblem } from '../../parts/toasts.tsx';
import { useMembership } from '../../session.ts';
import css from './export-dialog.module.css';
import type { LakeTableDetail } from './table.ts';
import { nameOf } from './table-columns.tsx';

const FORMATS = ['csv', 'ndjson', 'parquet'] as const;
type ExportValues = { format: string; filter: string };

interface ExportDialogProps {
  table: LakeTableDetail;
  onClose: () => void;
}

/** One file of it, made by a run; whoever stays gets it here, whoever goes finds it with the run. */
export function ExportDialog({ table, onClose }: ExportDialogProps) {
  const { t } = useTranslation('lake');
  const [run_id, setRun] = useState<string>();
  const make = useApiChange('lake_tables.export', { also: ['runs'] });
  return (
    <Dialog title={t('export.title', { name: nameOf(table) })} onClose={onClose}>
      {run_id !== undefined ? (
        <Exported run_id={run_id} name={table.name} />
      ) : (
        <Form<ExportValues>
          fields={[
            {
              name: 'format',
              kind: 'choice',
              label: t('export.format'),
              required: true,
              options: FORMATS.map(value => ({ value, label: t(`formats.${value}`) })),
            },
            {
              name: 'filter',
              kind: 'text',
              label: t('export.filter'),
              description: t('export.filter_help'),
              mono: true,
            },
          ]}
          initial={{ format: 'csv', filter: '' }}
          submit={t('export.start')}
          onCancel={onClose}
          run={async values => {
            const format = FORMATS.find(one => one === values.format) ?? 'csv';
            const body = { format, ...(values.filter !== '' && { filter: values.filter }) };
            const answer = await make.mutateAsync({ params: { id: table.id }, body });
            setRun(answer.run_id);
          }}
        />
      )}
    </Dialog>
  );
}

const LOOK_MS = 1000;

function Exported({ run_id, name }: { run_id: string; name: string }) {
  const { t } = useTranslation('lake');
  const workspace = useMembership()?.workspace.slug;
  const [over, setOver] = useState(false);
  const run = useApi('runs.show', { params: { id: run_id } }, over ? {} : { refresh_ms: LOOK_MS });
  const state = run.data?.state;
  if (!over && run.data?.ended_at != null) setOver(true);
  const download = () =>
    callApi('lake_files.download', { params: { run_id } }, { workspace })
      .then(answer => saveStream(answer, name))
      .catch(toastProblem);
  return (
    <div className={css.exported} aria-live="polite">
      {state !== undefined && <RunStatePill state={state} />}
      <Link to={`/w/${workspace}/runs/${run_id}`}>{t('export.run')}</Link>
      <Button
        variant="filled"
        leftSection={<ExportIcon size={15} />}
        disabled={state !== 'succeeded'}
        onClick={download}
      >
        {t('export.download')}
      </Button>
    </div>
  );
}
