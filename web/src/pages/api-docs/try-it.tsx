import { Button, PasswordInput, SegmentedControl, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Card } from '../../parts/card.tsx';
import css from './api-docs.module.css';
import type { Operation, Parameter } from './api-model.ts';
import { Outcome } from './outcome.tsx';
import { buildRequest, faultsOf, type Inputs, WORKSPACE_HEADER } from './request.ts';
import { useExchange } from './use-exchange.ts';

interface TryItProps {
  operation: Operation;
  inputs: Inputs;
  onChange: (inputs: Inputs) => void;
}

type Who = 'session' | 'token';

/** Sends the real request to this server, as the person who is signed in or with a token; nothing is simulated. */
export function TryIt({ operation, inputs, onChange }: TryItProps) {
  const { t } = useTranslation(['api_docs', 'common']);
  const [who, setWho] = useState<Who>('session');
  const [token, setToken] = useState('');
  const [shown, setShown] = useState<string[]>([]);
  const exchange = useExchange();
  const send = () => {
    const faults = faultsOf(operation, inputs);
    setShown(faults);
    if (faults.length > 0) return;
    void exchange.send(buildRequest(operation, inputs, location.origin), who === 'token' ? token : undefined);
  };
  const set = (name: string, value: string) =>
    onChange({ ...inputs, values: { ...inputs.values, [name]: value } });
  return (
    <Card title={t('try.title')}>
      <form
        className={css.try}
        noValidate
        onSubmit={event => {
          event.preventDefault();
          send();
        }}
      >
        {operation.permission !== 'public' && (
          <div className={css.who}>
            <SegmentedControl
              aria-label={t('try.who')}
              data={[
                { value: 'session', label: t('try.session') },
                { value: 'token', label: t('try.token') },
              ]}
              value={who}
              onChange={value => setWho(value as Who)}
            />
            {who === 'token' && (
              <PasswordInput
                aria-label={t('try.token_value')}
                placeholder={t('try.token_value')}
                autoComplete="off"
                visibilityToggleButtonProps={{ 'aria-label': t('common:form.show_password') }}
                value={token}
                onChange={event => setToken(event.currentTarget.value)}
              />
            )}
          </div>
        )}
        {operation.parameters
          // A token is bound to its workspace.
          .filter(parameter => parameter.name !== WORKSPACE_HEADER || who === 'session')
          .map(parameter => (
            <ParameterInput
              key={parameter.name}
              parameter={parameter}
              value={inputs.values[parameter.name] ?? ''}
              error={shown.includes(parameter.name) ? t('try.missing') : undefined}
              onChange={value => set(parameter.name, value)}
            />
          ))}
        {operation.body !== undefined && (
          <Textarea
            label={t('body')}
            autosize
            minRows={3}
            maxRows={16}
            spellCheck={false}
            classNames={{ input: css.mono }}
            value={inputs.body}
            error={shown.includes('body') ? t('try.not_json') : undefined}
            onChange={event => onChange({ ...inputs, body: event.currentTarget.value })}
          />
        )}
        <div className={css.send}>
          {operation.method !== 'GET' && <p className="small dim">{t('try.real')}</p>}
          {exchange.state === 'running' ? (
            // A key of its own: the same element turned into the other button would be clicked by the same click.
            <Button key="stop" onClick={exchange.stop}>
              {t('try.stop')}
            </Button>
          ) : (
            <Button
              key="send"
              type="submit"
              variant="filled"
              color={operation.method === 'DELETE' ? 'bad' : 'accent'}
            >
              {t('try.send')}
            </Button>
          )}
        </div>
      </form>
      <Outcome exchange={exchange} />
    </Card>
  );
}

interface ParameterInputProps {
  parameter: Parameter;
  value: string;
  error: string | undefined;
  onChange: (value: string) => void;
}

function ParameterInput({ parameter, value, error, onChange }: ParameterInputProps) {
  const { name, required, schema } = parameter;
  return (
    <TextInput
      label={<code translate="no">{name}</code>}
      required={required}
      spellCheck={false}
      autoComplete="off"
      classNames={{ input: css.mono }}
      placeholder={schema.default === undefined ? undefined : String(schema.default)}
      value={value}
      error={error}
      onChange={event => onChange(event.currentTarget.value)}
    />
  );
}
