import { NumberInput, Select, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { FieldValue, InputProps } from '../../parts/form/field.ts';
import { TimeZone } from '../../time-zone.ts';
import { UNITS } from './interval.ts';
import css from './schedule-form.module.css';
import type { ScheduleValues } from './schedule-values.ts';
import { useWhenWords } from './use-when-words.ts';

type Props = InputProps<ScheduleValues>;

/** What it means is said while it is typed, where there are words for it. */
export function CronInput({ value, values, error, onChange, zone }: Props & { zone: string }) {
  return (
    <TimeZone value={values.time_zone ?? zone}>
      <CronText value={value} error={error} onChange={onChange} />
    </TimeZone>
  );
}

function CronText({ value, error, onChange }: Pick<Props, 'value' | 'error' | 'onChange'>) {
  const { t } = useTranslation('schedules');
  const cron = typeof value === 'string' ? value : '';
  const words = useWhenWords()({ cron, every_seconds: null, once_at: null });
  return (
    <TextInput
      label={t('form.cron')}
      description={words.is_expression ? t('form.cron_help') : words.text}
      required
      value={cron}
      error={error}
      autoComplete="off"
      spellCheck={false}
      classNames={{ input: css.json }}
      onChange={event => onChange(event.currentTarget.value)}
    />
  );
}

export function EveryInput({ value, values, error, onChange, set }: Props) {
  const { t } = useTranslation('schedules');
  return (
    <div className={css.line}>
      <NumberInput
        label={t('form.every')}
        required
        min={1}
        allowDecimal={false}
        value={typeof value === 'number' ? value : ''}
        error={error}
        onChange={wanted => onChange(wanted === '' ? null : Number(wanted))}
      />
      <Select
        label={t('form.unit')}
        data={UNITS.map(unit => ({ value: unit, label: t(`form.units.${unit}`) }))}
        value={values.unit}
        allowDeselect={false}
        onChange={unit => set('unit', unit)}
      />
    </div>
  );
}

interface WallTimeProps {
  label: string;
  required?: boolean;
  value: FieldValue;
  error: string | undefined;
  onChange: (value: FieldValue) => void;
}

/** By the clock of the schedule's zone, not of the browser's. */
export function WallTimeInput({ label, required = false, value, error, onChange }: WallTimeProps) {
  const { t } = useTranslation('schedules');
  return (
    <TextInput
      type="datetime-local"
      label={label}
      description={t('form.wall_time')}
      required={required}
      value={typeof value === 'string' ? value : ''}
      error={error}
      onChange={event => onChange(event.currentTarget.value)}
    />
  );
}
