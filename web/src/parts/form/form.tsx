import { Button } from '@mantine/core';
import { Fragment, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { ProblemNotice } from '../problem-notice.tsx';
import { ConflictDialog } from './conflict-dialog.tsx';
import type { Values } from './field.ts';
import { FieldInput } from './field-input.tsx';
import css from './form.module.css';
import { LeaveGuard } from './leave-guard.tsx';
import { type FormOptions, useForm } from './use-form.ts';

interface FormProps<V extends Values> extends FormOptions<V> {
  /** The verb of the one primary button. */
  submit: string;
  onCancel?: () => void;
  /** An edit of something that exists: the button waits for a change, and leaving with one asks first. */
  editing?: boolean;
  /** Between the fields and the buttons. */
  children?: ReactNode;
  /** The button as wide as the form: sign-in and the like. */
  wide?: boolean;
}

/**
 * A form from its fields. Problems that the server names by field stand at the field, the others above; a 412 shows
 * who changed what and merges what can be merged.
 */
export function Form<V extends Values>(props: FormProps<V>) {
  const { fields, submit, onCancel, editing = false, children, wide = false } = props;
  const { t } = useTranslation();
  const state = useForm(props);
  const placed = state.problem !== undefined && Object.keys(state.errors.fields).length > 0;
  return (
    <form
      ref={state.form}
      className={css.form}
      noValidate
      onSubmit={event => {
        event.preventDefault();
        state.submit();
      }}
    >
      {state.problem !== undefined && (!placed || state.errors.rest.length > 0) && (
        <ProblemNotice problem={state.problem} />
      )}
      {state.restored && <Restored discard={state.reset} />}
      {fields.map((field, position) => (
        <Fragment key={field.name}>
          {field.group !== undefined && <h3 className={css.group}>{field.group}</h3>}
          <FieldInput
            // A form that can be cancelled is in a dialog: whoever opened it has come to type.
            first={position === 0 && onCancel !== undefined}
            field={field}
            values={state.values}
            error={state.errors.fields[field.name]}
            onChange={value => state.set(field.name, value)}
            set={state.set}
          />
        </Fragment>
      ))}
      {children}
      <div className={css.buttons} data-wide={wide || undefined}>
        {onCancel !== undefined && <Button onClick={onCancel}>{t('cancel')}</Button>}
        {editing && state.dirty && !state.restored && (
          <Button variant="subtle" onClick={state.reset}>
            {t('form.discard')}
          </Button>
        )}
        <Button
          type="submit"
          variant="filled"
          loading={state.busy}
          disabled={editing && !state.dirty}
          fullWidth={wide}
        >
          {submit}
        </Button>
      </div>
      {state.conflict !== undefined && <ConflictDialog fields={fields} state={state} />}
      {editing && <LeaveGuard active={state.dirty && !state.busy} kept={state.keepsDraft} />}
    </form>
  );
}

/** Said aloud: what is in the fields is not what is saved, although nobody has typed anything yet. */
function Restored({ discard }: { discard: () => void }) {
  const { t } = useTranslation();
  return (
    <p role="status" className={css.restored}>
      <span>{t('form.restored')}</span>
      <Button variant="subtle" onClick={discard}>
        {t('form.discard')}
      </Button>
    </p>
  );
}
