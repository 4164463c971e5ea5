import { useTranslation } from 'react-i18next';
import type { Problem } from '../../../../src/contract/errors.ts';
import { Card } from '../../parts/card.tsx';
import { CodeBlock } from '../../parts/code-block.tsx';
import { problemText } from '../../problems.ts';
import css from './api-docs.module.css';
import type { Api, Operation } from './api-model.ts';
import { FieldTable } from './field-table.tsx';
import { fieldRows, sampleOf } from './schema.ts';

/** What comes back: when it went well, and every way in which it may be refused, with what to do then. */
export function Answers({ api, operation }: { api: Api; operation: Operation }) {
  const { t } = useTranslation('api_docs');
  const { status, schema, stream } = operation.answer;
  return (
    <>
      <Card flush={schema !== undefined} title={t('answer', { status })}>
        {schema === undefined ? (
          <p className="dim">{stream ? t('answer_stream') : t('answer_empty')}</p>
        ) : (
          <>
            <FieldTable caption={t('answer', { status })} rows={fieldRows(schema, api.named)} />
            <details className={css.example}>
              <summary>{t('example')}</summary>
              <CodeBlock
                json
                label={t('example')}
                text={JSON.stringify(sampleOf(schema, api.named), null, 2)}
              />
            </details>
          </>
        )}
      </Card>
      <Card flush title={t('refusals')}>
        <ul className={css.errors}>
          {operation.errors.map(error => (
            <Refusal key={error.code} error={error} />
          ))}
        </ul>
      </Card>
    </>
  );
}

function Refusal({ error }: { error: Operation['errors'][number] }) {
  const { t } = useTranslation();
  const { status, code } = error;
  // The catalogue's texts with their holes: what fills them is only known when it happens.
  const problem: Problem = { ...error, type: '', params: holesOf(error), request_id: '', errors: [] };
  const { title, hint } = problemText(problem, t);
  return (
    <li>
      <span className={css.status}>{status}</span>
      <div>
        <p>
          {title} <code translate="no">{code}</code>
        </p>
        <p className="small dim">{hint}</p>
      </div>
    </li>
  );
}

/** `{host}` stays `{host}`. */
function holesOf({ detail, hint }: { detail: string; hint: string }): Record<string, string> {
  const names = [...`${detail} ${hint}`.matchAll(/\{(\w+)\}/g)].flatMap(([, name]) => name ?? []);
  return Object.fromEntries(names.map(name => [name, `{${name}}`]));
}
