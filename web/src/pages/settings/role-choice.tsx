import { Radio } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { ROLES, type Role } from '../../../../src/contract/permissions.ts';
import css from './role-choice.module.css';

interface RoleChoiceProps {
  value: Role;
  /** Only an owner makes owners. */
  mayMakeOwners: boolean;
  error?: string;
  onChange: (role: Role) => void;
}

/** Roles with what they mean, because a name alone explains none of them. */
export function RoleChoice({ value, mayMakeOwners, error, onChange }: RoleChoiceProps) {
  const { t } = useTranslation(['settings', 'access', 'common']);
  return (
    <Radio.Group
      label={t('members.role')}
      value={value}
      error={error}
      onChange={role => onChange(role as Role)}
    >
      <div className={css.roles}>
        {ROLES.map(role => (
          <Radio
            key={role}
            value={role}
            label={t(`common:roles.${role}`)}
            description={t(`access:role_about.${role}`)}
            disabled={role === 'owner' && !mayMakeOwners}
          />
        ))}
      </div>
    </Radio.Group>
  );
}
