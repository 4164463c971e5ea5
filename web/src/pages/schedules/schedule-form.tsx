import { useTranslation } from 'react-i18next';
import type { Schedule } from '../../../../src/contract/schedules.ts';
import { ApiError, useApiList } from '../../api.ts';
import type { Versioned } from '../../parts/form/draft.ts';
import { Form } from '../../parts/form/form.tsx';
import { useMembership } from '../../session.ts';
import { placed } from './place-problem.ts';
import css from './schedule-form.module.css';
import { bodyOf, type ScheduleValues } from './schedule-values.ts';
import { useScheduleFields } from './use-schedule-fields.tsx';

type Body = NonNullable<ReturnType<typeof bodyOf>>;

interface ScheduleFormProps {
  /** Under which what is typed is kept. */
  draft: string;
  initial: ScheduleValues;
  version?: number;
  /** What the form does not show of it. */
  definition: Schedule['definition'];
  /** The times to come of what is saved: they need not be asked for until something is changed. */
  next?: readonly string[];
  submit: string;
  /** To look at only. */
  locked?: boolean;
  save: (body: Body, version: number) => Promise<unknown>;
  reload?: () => Promise<Versioned<ScheduleValues>>;
  /** Saved, and the draft is forgotten. */
  onDone?: () => void;
}

const PLACES = {
  'schedule.name_taken': 'name',
  'schedule.cron': 'cron',
  'schedule.when': 'when',
  'task.input': 'definition',
  'task.unknown_kind': 'definition',
  'run.graph': 'definition',
};

export function ScheduleForm(props: ScheduleFormProps) {
  const { draft, initial, version, definition, next, submit, locked = false, save, reload, onDone } = props;
  const { t } = useTranslation(['common', 'schedules']);
  const zone = useMembership()?.workspace.time_zone ?? 'UTC';
  const calendars = useApiList('calendars.list', {});
  const fields = useScheduleFields({ zone, calendars: calendars.rows ?? [], saved: initial, next });
  return (
    <fieldset className={css.fieldset} disabled={locked}>
      <Form<ScheduleValues>
        editing={version !== undefined}
        draft={draft}
        fields={fields}
        initial={initial}
        {...(version !== undefined && { version })}
        {...(reload !== undefined && { reload })}
        {...(onDone !== undefined && { onDone })}
        submit={submit}
        run={async (values, at) => {
          const body = bodyOf(values, zone, definition);
          if (body === undefined) throw noTasks(t('schedules:form.not_tasks'));
          await placed(save(body, at), PLACES, t);
        }}
      />
    </fieldset>
  );
}

/** In the shape of the server's refusals, so that it stands at its field as they do. */
function noTasks(message: string): ApiError {
  return new ApiError({
    type: 'urn:moulin:error:request.invalid',
    title: message,
    status: 400,
    code: 'request.invalid',
    detail: message,
    hint: '',
    request_id: '',
    params: {},
    errors: [{ path: 'body.definition', code: 'not_tasks', message }],
  });
}
