import { Button, FileInput, Progress } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useApiChange } from '../../api.ts';
import { useFormat } from '../../i18n/use-format.ts';
import { Card } from '../../parts/card.tsx';
import { Narrow } from '../../parts/columns.tsx';
import type { Field } from '../../parts/form/field.ts';
import { Form } from '../../parts/form/form.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { useMembership } from '../../session.ts';
import css from './import-page.module.css';
import { formatOf, tableNameOf, uploadFile } from './upload.ts';

type ImportValues = { namespace: string; name: string; format: string; mode: string; key: string };

const FORMATS = ['csv', 'ndjson', 'json', 'parquet'] as const;
const MODES = ['append', 'replace', 'merge'] as const;

/** A file of one's own becomes a table, or more rows of one. */
export default function ImportPage() {
  const { t } = useTranslation(['lake', 'common']);
  const slug = useMembership()?.workspace.slug ?? '';
  const [files, setFiles] = useState<File[]>([]);
  const [first] = files;
  return (
    <>
      <PageHeader
        title={t('common:pages.lake_import')}
        crumbs={[{ label: t('common:pages.lake'), to: `/w/${slug}/lake` }]}
        facts={t('import.about')}
      />
      <Narrow>
        <Card title={t('import.files')}>
          <FileInput
            multiple
            clearable
            label={t('import.choose')}
            description={t('import.choose_help')}
            placeholder={t('import.none')}
            accept=".csv,.tsv,.json,.jsonl,.ndjson,.parquet,.gz,.zst"
            value={files}
            onChange={setFiles}
          />
        </Card>
        {first !== undefined && (
          <Card title={t('import.table')}>
            <Target key={first.name} files={files} first={first} />
          </Card>
        )}
      </Narrow>
    </>
  );
}

function Target({ files, first }: { files: readonly File[]; first: File }) {
  const { t } = useTranslation('lake');
  const navigate = useNavigate();
  const workspace = useMembership()?.workspace.slug;
  const start = useApiChange('lake_tables.import', { also: ['runs', 'lake'] });
  const [sent, setSent] = useState<number>();
  const leaving = useRef(new AbortController());
  useEffect(() => {
    const controller = new AbortController();
    leaving.current = controller;
    return () => controller.abort();
  }, []);
  const total = files.reduce((sum, { size }) => sum + size, 0);
  const run = async (values: ImportValues) => {
    const upload_ids: string[] = [];
    let before = 0;
    setSent(0);
    try {
      for (const file of files) {
        const onProgress = (bytes: number) => setSent(before + bytes);
        upload_ids.push(await uploadFile(file, { workspace, signal: leaving.current.signal, onProgress }));
        before += file.size;
      }
      const { run_id } = await start.mutateAsync({ body: bodyOf(values, upload_ids) });
      await navigate({ to: `/w/${workspace}/runs/${run_id}` });
    } finally {
      setSent(undefined);
    }
  };
  return (
    <Form<ImportValues>
      fields={useFields()}
      initial={{
        namespace: 'uploads',
        name: tableNameOf(first.name),
        format: formatOf(first.name),
        mode: 'append',
        key: '',
      }}
      submit={t('import.start')}
      run={run}
    >
      {sent !== undefined && <Sending sent={sent} total={total} cancel={() => leaving.current.abort()} />}
    </Form>
  );
}

function Sending({ sent, total, cancel }: { sent: number; total: number; cancel: () => void }) {
  const { t } = useTranslation('lake');
  const { bytes } = useFormat();
  const text = t('import.sending', { sent: bytes(sent), total: bytes(total) });
  return (
    <div className={css.sending}>
      <Progress value={total === 0 ? 100 : (100 * sent) / total} aria-label={text} />
      <span className="small dim">{text}</span>
      <Button size="compact-sm" variant="subtle" onClick={cancel}>
        {t('import.stop')}
      </Button>
    </div>
  );
}

function bodyOf({ namespace, name, format, mode, key }: ImportValues, upload_ids: string[]) {
  const keys = key.split(',').flatMap(part => part.trim() || []);
  return {
    namespace: namespace.split('.'),
    name,
    upload_ids,
    format: FORMATS.find(one => one === format) ?? 'csv',
    mode: MODES.find(one => one === mode) ?? 'append',
    key: keys,
  };
}

function useFields(): Field<ImportValues>[] {
  const { t } = useTranslation('lake');
  return [
    { name: 'namespace', kind: 'text', label: t('import.namespace'), required: true, mono: true },
    { name: 'name', kind: 'text', label: t('import.name'), required: true, mono: true },
    {
      name: 'format',
      kind: 'choice',
      label: t('export.format'),
      required: true,
      options: FORMATS.map(value => ({ value, label: t(`formats.${value}`) })),
    },
    {
      name: 'mode',
      kind: 'choice',
      label: t('import.mode'),
      required: true,
      options: MODES.map(value => ({ value, label: t(`import.modes.${value}`) })),
    },
    { name: 'key', kind: 'text', label: t('import.key'), description: t('import.key_help'), mono: true },
  ];
}
