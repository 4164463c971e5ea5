import { Select } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { callApi, useApiChange } from '../../api.ts';
import { ConfirmDialog } from '../../parts/confirm-dialog.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import type { Field } from '../../parts/form/field.ts';
import { Form } from '../../parts/form/form.tsx';
import { toastDone } from '../../parts/toasts.tsx';
import { useMembership } from '../../session.ts';
import {
  ASKS,
  CHANGES,
  type ChangeKind,
  changeOf,
  type EvolveValues,
  NO_VALUES,
  type SchemaChange,
} from './evolve.ts';
import type { LakeTableDetail } from './table.ts';
import { nameOf } from './table-columns.tsx';

interface EvolveDialogProps {
  table: LakeTableDetail;
  onClose: () => void;
}

interface Preview {
  change: SchemaChange;
  changes: string[];
  rewrites: string[];
}

/** One change of the schema: first what it would do, then, when that is what was meant, the doing. */
export function EvolveDialog({ table, onClose }: EvolveDialogProps) {
  const { t } = useTranslation('lake');
  const workspace = useMembership()?.workspace.slug;
  const [kind, setKind] = useState<ChangeKind>('add');
  const [preview, setPreview] = useState<Preview>();
  const fields = useFields(table, kind);
  if (preview !== undefined) return <Confirm table={table} preview={preview} onClose={onClose} />;
  return (
    <Dialog title={t('evolve.title', { name: nameOf(table) })} onClose={onClose}>
      <Select
        label={t('evolve.change')}
        data={CHANGES.map(value => ({ value, label: t(`evolve.changes.${value}`) }))}
        value={kind}
        allowDeselect={false}
        onChange={value => setKind(CHANGES.find(one => one === value) ?? 'add')}
        mb="md"
      />
      <Form<EvolveValues>
        key={kind}
        fields={fields}
        initial={NO_VALUES}
        submit={t('evolve.preview')}
        onCancel={onClose}
        run={async values => {
          const change = changeOf(kind, values);
          const argument = { params: { id: table.id }, body: { changes: [change], dry_run: true } };
          setPreview({ change, ...(await callApi('lake_tables.evolve', argument, { workspace })) });
        }}
      />
    </Dialog>
  );
}

function useFields(table: LakeTableDetail, kind: ChangeKind): Field<EvolveValues>[] {
  const { t } = useTranslation('lake');
  const options = table.fields.map(({ path }) => ({ value: path, label: path }));
  const all: Record<keyof EvolveValues, Field<EvolveValues>> = {
    path: { name: 'path', kind: 'choice', label: t('evolve.path'), options, required: true },
    name: { name: 'name', kind: 'text', label: t('evolve.name'), mono: true, required: true },
    type: {
      name: 'type',
      kind: 'text',
      label: t('evolve.type'),
      description: t('evolve.type_help'),
      mono: true,
      required: true,
    },
    doc: { name: 'doc', kind: 'text', label: t('evolve.doc') },
  };
  return ASKS[kind].map(name => all[name]);
}

function Confirm({ table, preview, onClose }: EvolveDialogProps & { preview: Preview }) {
  const { t } = useTranslation('lake');
  const navigate = useNavigate();
  const slug = useMembership()?.workspace.slug ?? '';
  const evolve = useApiChange('lake_tables.evolve');
  const rewrite = useApiChange('lake_tables.rewrite', { also: ['runs'] });
  const { change, changes, rewrites } = preview;
  const argument = { params: { id: table.id }, body: { changes: [change] } };
  return (
    <ConfirmDialog
      title={t('evolve.title', { name: nameOf(table) })}
      action={t('evolve.action')}
      destructive={change.change === 'drop'}
      onClose={onClose}
      run={async () => {
        if (rewrites.length > 0) {
          const { run_id } = await rewrite.mutateAsync(argument);
          await navigate({ to: `/w/${slug}/runs/${run_id}` });
          return;
        }
        await evolve.mutateAsync(argument);
        toastDone({ message: t('evolve.done') });
      }}
    >
      <EnglishList lines={changes} />
      {rewrites.length > 0 && (
        <>
          <p>{t('evolve.rewrites')}</p>
          <EnglishList lines={rewrites} />
        </>
      )}
    </ConfirmDialog>
  );
}

/** As the server says it. */
function EnglishList({ lines }: { lines: readonly string[] }) {
  return (
    <ul lang="en">
      {lines.map(line => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  );
}
