import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { ApiError } from '../../api.ts';
import { Awaited } from '../../parts/awaited.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { useUrlState } from '../../use-url-state.ts';
import css from './api-docs.module.css';
import { type Api, readSpec } from './api-model.ts';
import { fetchSpec } from './fetch-spec.ts';
import { OperationList } from './operation-list.tsx';
import { OperationView } from './operation-view.tsx';
import { Overview } from './overview.tsx';

/** The API as it describes itself, to read and to try; made by this page alone, so it works without the internet. */
export default function ApiDocsPage() {
  const api = useQuery<Api, ApiError>({
    queryKey: ['openapi'],
    queryFn: async ({ signal }) => readSpec(await fetchSpec(signal)),
    // It changes with the version of the server, and then the page is loaded anew.
    staleTime: Number.POSITIVE_INFINITY,
  });
  return <Awaited query={api}>{loaded => <ApiDocs api={loaded} />}</Awaited>;
}

function ApiDocs({ api }: { api: Api }) {
  const { t } = useTranslation(['api_docs', 'common']);
  const [{ operation: id }] = useUrlState();
  const operation = api.operations.find(one => one.id === id);
  return (
    <div className={css.page} data-chosen={operation !== undefined || undefined}>
      <OperationList api={api} chosen={operation?.id} />
      <div className={css.content}>
        {operation === undefined ? (
          <>
            <PageHeader title={t('common:pages.api')} facts={t('about', { version: api.version })} />
            <Overview api={api} unknown={id} />
          </>
        ) : (
          // Another operation has other fields: nothing that was filled in stays.
          <OperationView key={operation.id} api={api} operation={operation} />
        )}
      </div>
    </div>
  );
}
