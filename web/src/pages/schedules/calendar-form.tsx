import { useTranslation } from 'react-i18next';
import type { Calendar } from '../../../../src/contract/schedules.ts';
import { useFormat } from '../../i18n/use-format.ts';
import type { Versioned } from '../../parts/form/draft.ts';
import type { Field } from '../../parts/form/field.ts';
import { Form } from '../../parts/form/form.tsx';
import { type Blackout, readBlackouts, writeBlackout } from './blackout.ts';
import { BlackoutsInput } from './blackouts-input.tsx';
import { placed } from './place-problem.ts';
import css from './schedule-form.module.css';
import { useBlackoutWords } from './use-blackout-words.ts';

export type CalendarValues = { name: string; blackouts: string[] };

export const calendarValues = ({
  name,
  blackouts,
}: Pick<Calendar, 'name' | 'blackouts'>): CalendarValues => ({
  name,
  blackouts: blackouts.map(writeBlackout),
});

interface CalendarFormProps {
  draft: string;
  initial: CalendarValues;
  version?: number;
  submit: string;
  locked?: boolean;
  save: (body: { name: string; blackouts: Blackout[] }, version: number) => Promise<unknown>;
  reload?: () => Promise<Versioned<CalendarValues>>;
  onDone?: () => void;
}

export function CalendarForm(props: CalendarFormProps) {
  const { draft, initial, version, submit, locked = false, save, reload, onDone } = props;
  const { t } = useTranslation();
  return (
    <fieldset className={css.fieldset} disabled={locked}>
      <Form<CalendarValues>
        editing={version !== undefined}
        draft={draft}
        fields={useFields()}
        initial={initial}
        {...(version !== undefined && { version })}
        {...(reload !== undefined && { reload })}
        {...(onDone !== undefined && { onDone })}
        submit={submit}
        run={({ name, blackouts }, at) =>
          placed(
            save({ name, blackouts: readBlackouts(blackouts) }, at),
            { 'calendar.name_taken': 'name' },
            t,
          )
        }
      />
    </fieldset>
  );
}

function useFields(): Field<CalendarValues>[] {
  const { t } = useTranslation('schedules');
  const { list } = useFormat();
  const words = useBlackoutWords();
  return [
    { name: 'name', kind: 'text', label: t('calendars.name'), required: true },
    {
      name: 'blackouts',
      kind: 'choices',
      label: t('calendars.what'),
      show: value => (Array.isArray(value) && value.length > 0 ? list(readBlackouts(value).map(words)) : '–'),
      input: ({ value, error, onChange }) => (
        <BlackoutsInput
          blackouts={Array.isArray(value) ? readBlackouts(value) : []}
          error={error}
          onChange={blackouts => onChange(blackouts.map(writeBlackout))}
        />
      ),
    },
  ];
}
