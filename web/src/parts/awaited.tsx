import { Skeleton } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ApiError } from '../api.ts';
import css from './awaited.module.css';
import { ProblemBlock, ProblemNotice } from './problem-notice.tsx';

interface AwaitedProps<T> {
  query: UseQueryResult<T, ApiError>;
  children: (data: T) => ReactNode;
}

/** One object from the API: its skeleton, the reason why it is not there, or the thing itself, even when it is old. */
export function Awaited<T>({ query, children }: AwaitedProps<T>) {
  const { t } = useTranslation();
  const { data, error, refetch } = query;
  if (data === undefined && error !== null)
    return <ProblemBlock problem={error.problem} retry={() => void refetch()} />;
  if (data === undefined)
    return (
      <div className={css.skeleton} aria-busy="true" aria-label={t('loading')} role="status">
        <Skeleton height={20} width="40%" />
        <Skeleton height={120} />
        <Skeleton height={80} />
      </div>
    );
  return (
    <>
      {error !== null && <ProblemNotice problem={error.problem} retry={() => void refetch()} />}
      {children(data)}
    </>
  );
}
