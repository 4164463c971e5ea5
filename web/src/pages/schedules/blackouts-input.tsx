import { ActionIcon, Button, NumberInput, Select, TextInput } from '@mantine/core';
import { useContext } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../../i18n/use-format.ts';
import { AddIcon, DeleteIcon } from '../../icons.ts';
import { TimeZone } from '../../time-zone.ts';
import { wallTime } from '../../zone-time.ts';
import { BLACKOUT_KINDS, type Blackout, type BlackoutKind, blackoutOf, kindOf } from './blackout.ts';
import css from './blackouts-input.module.css';

interface BlackoutsInputProps {
  blackouts: readonly Blackout[];
  error: string | undefined;
  onChange: (blackouts: Blackout[]) => void;
}

/** Lines, each of its own kind: when schedules of this calendar do not fire. */
export function BlackoutsInput({ blackouts, error, onChange }: BlackoutsInputProps) {
  const { t } = useTranslation('schedules');
  const today = useToday();
  const replace = (at: number, blackout: Blackout) => onChange(blackouts.with(at, blackout));
  return (
    <fieldset className={css.lines}>
      <legend className={css.legend}>{t('calendars.what')}</legend>
      {blackouts.length === 0 && <p className="dim">{t('calendars.none')}</p>}
      {[...blackouts.entries()].map(([position, blackout]) => (
        <Line
          // A line has nothing that stays the same while it is edited but its place.
          key={position}
          name={t('calendars.line', { number: position + 1 })}
          blackout={blackout}
          today={today}
          onChange={changed => replace(position, changed)}
          onRemove={() => onChange(blackouts.filter((_, at) => at !== position))}
        />
      ))}
      {error !== undefined && (
        <p role="alert" className={css.error}>
          {error}
        </p>
      )}
      <Button
        className={css.add}
        leftSection={<AddIcon size={14} />}
        onClick={() => onChange([...blackouts, blackoutOf('days', today)])}
      >
        {t('calendars.add')}
      </Button>
    </fieldset>
  );
}

function useToday(): string {
  return wallTime(Date.now(), useContext(TimeZone)).slice(0, 10);
}

interface LineProps {
  name: string;
  blackout: Blackout;
  today: string;
  onChange: (blackout: Blackout) => void;
  onRemove: () => void;
}

function Line({ name, blackout, today, onChange, onRemove }: LineProps) {
  const { t } = useTranslation('schedules');
  const kind = kindOf(blackout);
  const kinds = BLACKOUT_KINDS.map(value => ({ value, label: t(`calendars.kinds.${value}`) }));
  const begin = (wanted: string | null) => {
    const found = BLACKOUT_KINDS.find(one => one === wanted);
    if (found !== undefined) onChange(blackoutOf(found, today, blackout.note));
  };
  return (
    <fieldset aria-label={name} className={css.row}>
      <Select label={t('calendars.kind')} data={kinds} value={kind} allowDeselect={false} onChange={begin} />
      <Times blackout={blackout} kind={kind} onChange={onChange} />
      <TextInput
        label={t('calendars.note')}
        value={blackout.note}
        maxLength={200}
        autoComplete="off"
        onChange={event => onChange({ ...blackout, note: event.currentTarget.value })}
      />
      <ActionIcon className={css.remove} aria-label={t('calendars.remove', { name })} onClick={onRemove}>
        <DeleteIcon size={15} aria-hidden="true" />
      </ActionIcon>
    </fieldset>
  );
}

interface TimesProps {
  blackout: Blackout;
  kind: BlackoutKind;
  onChange: (blackout: Blackout) => void;
}

function Times({ blackout, kind, onChange }: TimesProps) {
  const { t } = useTranslation('schedules');
  const { weekday } = useFormat();
  if ('weekday' in blackout)
    return (
      <Select
        label={t('calendars.weekday')}
        data={[1, 2, 3, 4, 5, 6, 7].map(day => ({ value: String(day), label: weekday(day) }))}
        value={String(blackout.weekday)}
        allowDeselect={false}
        onChange={day => onChange({ ...blackout, weekday: Number(day) })}
      />
    );
  if ('yearly' in blackout) return <Yearly blackout={blackout} onChange={onChange} />;
  const side = (key: 'from' | 'to') => (
    <TextInput
      type={kind === 'times' ? 'datetime-local' : 'date'}
      label={t(`calendars.${key}`)}
      value={blackout[key]}
      onChange={event => onChange({ ...blackout, [key]: event.currentTarget.value })}
    />
  );
  return (
    <>
      {side('from')}
      {side('to')}
    </>
  );
}

type YearlyBlackout = Extract<Blackout, { yearly: string }>;

function Yearly({
  blackout,
  onChange,
}: {
  blackout: YearlyBlackout;
  onChange: (blackout: Blackout) => void;
}) {
  const { t } = useTranslation('schedules');
  const { month: nameOf } = useFormat();
  const [month = '01', day = '01'] = blackout.yearly.split('-');
  const two = (number: number) => String(number).padStart(2, '0');
  const set = (to: { month?: string; day?: string }) =>
    onChange({ ...blackout, yearly: `${to.month ?? month}-${to.day ?? day}` });
  return (
    <>
      <NumberInput
        label={t('calendars.day')}
        min={1}
        max={31}
        clampBehavior="strict"
        allowDecimal={false}
        value={Number(day)}
        onChange={wanted => set({ day: two(Number(wanted) || 1) })}
      />
      <Select
        label={t('calendars.month')}
        data={Array.from({ length: 12 }, (_, n) => ({ value: two(n + 1), label: nameOf(n + 1) }))}
        value={month}
        allowDeselect={false}
        onChange={wanted => set({ month: wanted ?? month })}
      />
    </>
  );
}
