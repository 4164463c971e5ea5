import { Button } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Scope } from '../../../../src/contract/permissions.ts';
import type { ApiOutput } from '../../api.ts';
import dialog from '../dialog.module.css';
import { Dialog } from '../dialog.tsx';
import type { Field } from '../form/field.ts';
import { Form } from '../form/form.tsx';
import { SecretBox } from '../secret-box.tsx';
import { ScopePicker } from './scope-picker.tsx';
import { TokenExample } from './token-example.tsx';
import type { Right } from './words.ts';

export type CreatedToken = ApiOutput<'my_tokens.create'>;

export interface NewToken {
  name: string;
  workspace: string;
  scopes: Scope[];
  expires_in_days: number | null;
}

interface TokenDialogProps {
  everything: string;
  /** For a person's token: in which of their workspaces it works. */
  workspaces?: readonly { value: string; label: string }[];
  holds: (permission: Right, workspace: string) => boolean;
  create: (token: NewToken) => Promise<CreatedToken>;
  onClose: () => void;
}

/** First what the token is for, then the token itself, this once. */
export function TokenDialog(props: TokenDialogProps) {
  const { t } = useTranslation('access');
  const [made, setMade] = useState<CreatedToken>();
  const title = made === undefined ? t('tokens.make') : t('tokens.made_title', { name: made.name });
  return (
    // The token cannot be shown again: a slip beside the dialog must not lose it.
    <Dialog wide firm={made !== undefined} title={title} onClose={props.onClose}>
      {made === undefined ? (
        <TokenForm {...props} onMade={setMade} />
      ) : (
        <MadeToken token={made} done={props.onClose} />
      )}
    </Dialog>
  );
}

type Values = { name: string; workspace: string; expires: string; scopes: string[] };

const NEVER = 'never';
const DAYS = [7, 30, 90, 365];
const USUAL_DAYS = '90';

function TokenForm(props: TokenDialogProps & { onMade: (token: CreatedToken) => void }) {
  const { workspaces = [], create, onMade, onClose } = props;
  const { t } = useTranslation('access');
  const fields = useTokenFields(props);
  return (
    <Form<Values>
      fields={fields}
      initial={{ name: '', workspace: workspaces[0]?.value ?? '', expires: USUAL_DAYS, scopes: ['*'] }}
      submit={t('tokens.make')}
      onCancel={onClose}
      run={async ({ name, workspace, expires, scopes }) =>
        onMade(
          await create({
            name,
            workspace,
            scopes: scopes as Scope[],
            expires_in_days: expires === NEVER ? null : Number(expires),
          }),
        )
      }
    />
  );
}

function useTokenFields({ workspaces = [], holds, everything }: TokenDialogProps): Field<Values>[] {
  const { t } = useTranslation('access');
  const name: Field<Values> = {
    name: 'name',
    kind: 'text',
    label: t('tokens.name'),
    description: t('tokens.name_help'),
    placeholder: t('tokens.name_placeholder'),
    required: true,
  };
  const workspace: Field<Values> = {
    name: 'workspace',
    kind: 'choice',
    label: t('tokens.workspace'),
    options: workspaces,
    required: true,
  };
  const expires: Field<Values> = {
    name: 'expires',
    kind: 'choice',
    label: t('tokens.expires_in'),
    description: t('tokens.expires_help'),
    required: true,
    options: [
      ...DAYS.map(days => ({
        value: String(days),
        label: days === 365 ? t('tokens.one_year') : t('tokens.days', { count: days }),
      })),
      { value: NEVER, label: t('tokens.no_expiry') },
    ],
  };
  const scopes: Field<Values> = {
    name: 'scopes',
    kind: 'choices',
    label: t('tokens.scopes'),
    required: true,
    input: ({ values, error, onChange }) => (
      <ScopePicker
        everything={everything}
        holds={permission => holds(permission, values.workspace)}
        value={values.scopes}
        error={error}
        onChange={onChange}
      />
    ),
  };
  return workspaces.length > 0 ? [name, workspace, expires, scopes] : [name, expires, scopes];
}

function MadeToken({ token, done }: { token: CreatedToken; done: () => void }) {
  const { t } = useTranslation('access');
  return (
    <div className={dialog.stack}>
      <SecretBox secret={token.token} label={t('tokens.secret')} />
      <TokenExample token={token.token} />
      <div className={dialog.buttons}>
        <Button onClick={done}>{t('tokens.done')}</Button>
      </div>
    </div>
  );
}
