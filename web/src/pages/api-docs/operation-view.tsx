import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { isWorkspacePermission } from '../../../../src/contract/permissions.ts';
import { type Right, usePermissionText } from '../../parts/access/words.ts';
import { Card } from '../../parts/card.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { useMembership } from '../../session.ts';
import { Answers } from './answers.tsx';
import css from './api-docs.module.css';
import type { Api, Operation } from './api-model.ts';
import { useApiWords } from './api-words.ts';
import { CodeCard } from './code-card.tsx';
import { FieldTable } from './field-table.tsx';
import { MethodMark } from './method-mark.tsx';
import { buildRequest, firstInputs } from './request.ts';
import { factsOf, fieldRows, typeText } from './schema.ts';
import { TryIt } from './try-it.tsx';

/** One operation: what it takes and answers on one side, trying it on the other. */
export function OperationView({ api, operation }: { api: Api; operation: Operation }) {
  const { t } = useTranslation(['api_docs', 'common']);
  const words = useApiWords();
  const workspace = useMembership()?.workspace.slug;
  const [inputs, setInputs] = useState(() => firstInputs(operation, workspace));
  return (
    <>
      <PageHeader
        title={words.summary(operation)}
        crumbs={[{ label: t('common:pages.api'), to: '/api-docs' }]}
        facts={<Needs operation={operation} />}
      />
      <p className={css.address}>
        <MethodMark method={operation.method} /> <code translate="no">{operation.path}</code>
      </p>
      <div className={css.sides}>
        <div className={css.stack}>
          <Inputs api={api} operation={operation} />
        </div>
        <div className={`${css.stack} ${css.beside}`}>
          <TryIt operation={operation} inputs={inputs} onChange={setInputs} />
          <CodeCard request={buildRequest(operation, inputs, location.origin)} />
        </div>
        <div className={css.stack}>
          <Answers api={api} operation={operation} />
        </div>
      </div>
    </>
  );
}

function Needs({ operation: { permission } }: { operation: Operation }) {
  const { t } = useTranslation('api_docs');
  const permissionText = usePermissionText();
  if (permission === 'public') return t('needs.public');
  if (permission === 'signed_in') return t('needs.signed_in');
  const place = isWorkspacePermission(permission as Right) ? 'needs.workspace' : 'needs.instance';
  return (
    <>
      {t(place)} <code translate="no">{permission}</code> ({permissionText(permission as Right)})
    </>
  );
}

function Inputs({ api, operation }: { api: Api; operation: Operation }) {
  const { t } = useTranslation('api_docs');
  const { parameters, body } = operation;
  return (
    <>
      {parameters.length > 0 && (
        <Card flush title={t('parameters')}>
          <FieldTable
            given
            caption={t('parameters')}
            rows={parameters.map(({ name, in: place, required, description = '', schema }) => ({
              path: `${place}.${name}`,
              name,
              depth: 0,
              required,
              type: typeText(schema, api.named),
              description,
              facts: factsOf(schema),
              place,
            }))}
          />
        </Card>
      )}
      {body !== undefined && (
        <Card flush title={t('body')}>
          <FieldTable given caption={t('body')} rows={fieldRows(body.schema, api.named)} />
        </Card>
      )}
    </>
  );
}
