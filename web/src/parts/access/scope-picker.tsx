import { Checkbox, Radio } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { SCOPES } from '../../../../src/contract/permissions.ts';
import css from './scope-picker.module.css';
import { type Right, rightGroup, useGroupText, usePermissionText } from './words.ts';

interface ScopePickerProps {
  /** The words for the whole: "Everything that nightly may do". */
  everything: string;
  /** Does the owner of the token hold it? A token narrows rights, it gives none. */
  holds: (permission: Right) => boolean;
  value: readonly string[];
  error: string | undefined;
  onChange: (scopes: string[]) => void;
}

const RIGHTS = SCOPES.filter((scope): scope is Right => scope !== '*');
const GROUPS = [...new Set(RIGHTS.map(rightGroup))];

/** Either all that the owner may do, also later, or a list that stays as it is. */
export function ScopePicker({ everything, holds, value, error, onChange }: ScopePickerProps) {
  const { t } = useTranslation('access');
  const groupText = useGroupText();
  const permissionText = usePermissionText();
  const whole = value.includes('*');
  return (
    <div className={css.picker}>
      <Radio.Group
        label={t('tokens.scopes')}
        description={t('tokens.scopes_help')}
        error={error}
        value={whole ? 'all' : 'some'}
        onChange={wanted => onChange(wanted === 'all' ? ['*'] : [])}
      >
        <div className={css.choices}>
          <Radio value="all" label={everything} />
          <Radio value="some" label={t('tokens.scopes_some')} />
        </div>
      </Radio.Group>
      {!whole && (
        <div className={css.groups}>
          {GROUPS.filter(
            group => group !== 'instance' || RIGHTS.some(one => isIn(group, one) && holds(one)),
          ).map(group => (
            <fieldset key={group} className={css.group}>
              <legend>{groupText(group)}</legend>
              {RIGHTS.filter(one => isIn(group, one)).map(permission => (
                <Checkbox
                  key={permission}
                  label={permissionText(permission)}
                  description={holds(permission) ? undefined : t('tokens.not_held')}
                  disabled={!holds(permission)}
                  checked={value.includes(permission)}
                  onChange={event =>
                    onChange(
                      event.currentTarget.checked
                        ? [...value, permission]
                        : value.filter(other => other !== permission),
                    )
                  }
                />
              ))}
            </fieldset>
          ))}
        </div>
      )}
    </div>
  );
}

function isIn(group: string, permission: Right): boolean {
  return rightGroup(permission) === group;
}
