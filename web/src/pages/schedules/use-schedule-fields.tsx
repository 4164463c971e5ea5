import { NumberInput, Select } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Schedule } from '../../../../src/contract/schedules.ts';
import type { Item } from '../../api.ts';
import type { Field } from '../../parts/form/field.ts';
import { useTimeZones } from '../../time-zones.ts';
import type { ScheduleValues } from './schedule-values.ts';
import { KindInput, TasksInput } from './task-inputs.tsx';
import { CronInput, EveryInput, WallTimeInput } from './when-inputs.tsx';
import { WhenPreview } from './when-preview.tsx';

type ScheduleField = Field<ScheduleValues>;

const OVERLAPS: readonly Schedule['overlap'][] = ['queue', 'skip', 'cancel_previous'];
const CATCH_UPS: readonly Schedule['catch_up'][] = ['skip', 'latest', 'all'];

interface Options {
  /** The workspace's. */
  zone: string;
  calendars: readonly Item<'calendars.list'>[];
  saved: ScheduleValues;
  next: readonly string[] | undefined;
}

export function useScheduleFields(options: Options): ScheduleField[] {
  return [...useNameFields(), ...useWhenFields(options), ...useTaskFields(), ...useRuleFields(options)];
}

function useNameFields(): ScheduleField[] {
  const { t } = useTranslation('schedules');
  return [
    { name: 'name', kind: 'text', label: t('form.name'), required: true },
    { name: 'description', kind: 'long_text', label: t('form.description') },
  ];
}

function useWhenFields({ zone, saved, next }: Options): ScheduleField[] {
  const { t } = useTranslation(['schedules', 'common']);
  const zones = useTimeZones();
  const ways = (['cron', 'every', 'once'] as const).map(value => ({ value, label: t(`form.ways.${value}`) }));
  return [
    {
      name: 'when',
      kind: 'choice',
      label: t('form.when'),
      group: t('form.times'),
      required: true,
      options: ways,
    },
    {
      name: 'cron',
      kind: 'text',
      label: t('form.ways.cron'),
      input: props => props.values.when === 'cron' && <CronInput {...props} zone={zone} />,
    },
    {
      name: 'every',
      kind: 'number',
      label: t('form.every'),
      input: props => props.values.when === 'every' && <EveryInput {...props} />,
    },
    // Beside the number.
    { name: 'unit', kind: 'choice', label: t('form.unit'), input: () => null },
    {
      name: 'once_at',
      kind: 'text',
      label: t('form.once_at'),
      input: props =>
        props.values.when === 'once' && <WallTimeInput {...props} label={t('form.once_at')} required />,
    },
    {
      name: 'time_zone',
      kind: 'choice',
      label: t('form.time_zone'),
      input: ({ value, values, error, onChange }) => (
        <>
          <Select
            label={t('form.time_zone')}
            placeholder={t('form.workspace_zone', { zone })}
            data={zones}
            value={typeof value === 'string' ? value : null}
            onChange={onChange}
            error={error}
            searchable
            clearable
            limit={200}
            nothingFoundMessage={t('common:form.nothing_found')}
          />
          <WhenPreview values={values} zone={zone} saved={saved} next={next} />
        </>
      ),
    },
  ];
}

function useTaskFields(): ScheduleField[] {
  const { t } = useTranslation('schedules');
  return [
    {
      name: 'kind',
      kind: 'choice',
      label: t('form.kind'),
      group: t('form.work'),
      input: props => <KindInput {...props} />,
    },
    {
      name: 'definition',
      kind: 'long_text',
      label: t('form.tasks'),
      input: props => <TasksInput {...props} />,
    },
  ];
}

function useRuleFields({ calendars }: Options): ScheduleField[] {
  const { t } = useTranslation('schedules');
  const catch_ups = CATCH_UPS.map(value => ({ value, label: t(`form.catch_ups.${value}`) }));
  return [
    {
      name: 'overlap',
      kind: 'choice',
      label: t('form.overlap'),
      group: t('form.rules'),
      required: true,
      options: OVERLAPS.map(value => ({ value, label: t(`form.overlaps.${value}`) })),
    },
    { name: 'catch_up', kind: 'choice', label: t('form.catch_up'), required: true, options: catch_ups },
    {
      name: 'catch_up_limit',
      kind: 'number',
      label: t('form.catch_up_limit'),
      input: ({ value, values, error, onChange }) =>
        values.catch_up === 'all' && (
          <NumberInput
            label={t('form.catch_up_limit')}
            min={1}
            max={1000}
            allowDecimal={false}
            value={typeof value === 'number' ? value : ''}
            error={error}
            onChange={wanted => onChange(wanted === '' ? null : Number(wanted))}
          />
        ),
    },
    {
      name: 'late_after_minutes',
      kind: 'number',
      label: t('form.late_after'),
      description: t('form.late_after_help'),
    },
    { name: 'jitter_seconds', kind: 'number', label: t('form.jitter'), description: t('form.jitter_help') },
    {
      name: 'calendar_id',
      kind: 'choice',
      label: t('form.calendar'),
      description: t('form.calendar_help'),
      placeholder: t('form.no_calendar'),
      options: calendars.map(({ id, name }) => ({ value: id, label: name })),
    },
    {
      name: 'starts_at',
      kind: 'text',
      label: t('form.starts_at'),
      input: props => <WallTimeInput {...props} label={t('form.starts_at')} />,
    },
    {
      name: 'ends_at',
      kind: 'text',
      label: t('form.ends_at'),
      input: props => <WallTimeInput {...props} label={t('form.ends_at')} />,
    },
  ];
}
