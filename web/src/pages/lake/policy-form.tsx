import { useTranslation } from 'react-i18next';
import type { LakePolicy } from '../../../../src/contract/lake.ts';
import type { Field } from '../../parts/form/field.ts';
import { Form } from '../../parts/form/form.tsx';
import { toastDone } from '../../parts/toasts.tsx';
import css from './care-tab.module.css';

type PolicyValues = { [K in keyof LakePolicy]: LakePolicy[K] };

interface PolicyFormProps {
  policy: LakePolicy;
  version: number;
  locked: boolean;
  save: (policy: LakePolicy, version: number) => Promise<unknown>;
}

/** What is done by itself, in numbers. */
export function PolicyForm({ policy, version, locked, save }: PolicyFormProps) {
  const { t } = useTranslation('lake');
  return (
    <fieldset className={css.fieldset} disabled={locked}>
      <Form<PolicyValues>
        editing
        fields={usePolicyFields()}
        initial={{ ...policy }}
        version={version}
        submit={t('policy.save')}
        run={async (values, at) => {
          await save(values, at);
          toastDone({ message: t('policy.saved') });
        }}
      />
    </fieldset>
  );
}

const NUMBERS = [
  'snapshot_days',
  'snapshots_keep',
  'small_files',
  'target_file_mb',
  'delete_share',
  'orphan_days',
  'dropped_days',
] as const;

function usePolicyFields(): Field<PolicyValues>[] {
  const { t } = useTranslation('lake');
  return [
    {
      name: 'automatic',
      kind: 'yes_no',
      label: t('policy.automatic'),
      description: t('policy.automatic_help'),
    },
    ...NUMBERS.map(
      (name): Field<PolicyValues> => ({ name, kind: 'number', label: t(`policy.${name}`), required: true }),
    ),
  ];
}
