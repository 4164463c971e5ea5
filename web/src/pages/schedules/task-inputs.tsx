import { Button, Select, Textarea } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { InputProps } from '../../parts/form/field.ts';
import css from './schedule-form.module.css';
import { areTasks, otherWay, type ScheduleValues } from './schedule-values.ts';

type Props = InputProps<ScheduleValues>;

/** What can be planned by hand so far; other kinds bring pages of their own. */
const KINDS = ['diagnostic'];

export function KindInput({ value, error, onChange }: Props) {
  const { t } = useTranslation('schedules');
  const kind = typeof value === 'string' ? value : '';
  if (kind === '') return null;
  return (
    <Select
      label={t('form.kind')}
      data={KINDS.includes(kind) ? KINDS : [...KINDS, kind]}
      value={kind}
      error={error}
      allowDeselect={false}
      onChange={onChange}
    />
  );
}

/** The input of the one task, or all tasks. The way back to the form is there where the form can say all. */
export function TasksInput({ value, values, error, onChange, set }: Props) {
  const { t } = useTranslation('schedules');
  const other = otherWay(values);
  const one = values.kind !== '';
  return (
    <div className={css.stack}>
      <Textarea
        label={t(one ? 'form.input' : 'form.tasks')}
        description={t(one ? 'form.input_help' : 'form.tasks_help')}
        autosize
        minRows={5}
        maxRows={20}
        spellCheck={false}
        classNames={{ input: css.json }}
        value={typeof value === 'string' ? value : ''}
        error={error ?? (areTasks(values) ? undefined : t('form.not_tasks'))}
        onChange={event => onChange(event.currentTarget.value)}
      />
      {other !== undefined && (
        <Button
          variant="subtle"
          className={css.switch}
          onClick={() => {
            set('kind', other.kind);
            set('definition', other.definition);
          }}
        >
          {t(one ? 'form.as_json' : 'form.as_form')}
        </Button>
      )}
    </div>
  );
}
