import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import dialog from '../dialog.module.css';
import { Dialog } from '../dialog.tsx';
import type { Field, FieldValue, Values } from './field.ts';
import css from './form.module.css';
import type { FormState } from './use-form.ts';

interface ConflictDialogProps<V extends Values> {
  fields: readonly Field<V>[];
  state: FormState<V>;
}

/** Somebody else saved first. Who changed what, side by side; nothing is lost whichever way it goes. */
export function ConflictDialog<V extends Values>({ fields, state }: ConflictDialogProps<V>) {
  const { t } = useTranslation();
  const differences = state.conflict?.differences ?? [];
  return (
    <Dialog title={t('conflict.title')} onClose={state.closeConflict} wide>
      <div className={dialog.stack}>
        <p>{t('conflict.text')}</p>
        <div className={css.differences}>
          <table>
            <thead>
              <tr>
                <th scope="col">{t('conflict.field')}</th>
                <th scope="col">{t('conflict.before')}</th>
                <th scope="col">{t('conflict.theirs')}</th>
                <th scope="col">{t('conflict.mine')}</th>
              </tr>
            </thead>
            <tbody>
              {differences.map(({ name, base, theirs, mine, conflict }) => {
                const field = fields.find(other => other.name === name);
                return (
                  <tr key={name} data-conflict={conflict || undefined}>
                    <th scope="row">{field?.label ?? name}</th>
                    <td>{showValue(field, base)}</td>
                    <td>{showValue(field, theirs)}</td>
                    <td>{showValue(field, mine)}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
        <div className={dialog.buttons}>
          <Button onClick={state.takeTheirs}>{t('conflict.take_theirs')}</Button>
          <Button variant="filled" onClick={state.keepMine} loading={state.busy}>
            {t('conflict.keep_mine')}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

/** What the field would show: labels instead of values, dots for a password. */
function showValue<V extends Values>(field: Field<V> | undefined, value: FieldValue | undefined): string {
  if (field?.kind === 'password') return '•••';
  if (field?.show !== undefined) return field.show(value ?? null);
  const label = (one: string) => field?.options?.find(option => option.value === one)?.label ?? one;
  if (value === undefined || value === null || value === '') return '–';
  if (Array.isArray(value)) return value.map(label).join(', ');
  return label(String(value));
}
