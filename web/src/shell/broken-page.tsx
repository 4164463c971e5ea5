import { type ErrorComponentProps, useRouter } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { ProblemBlock } from '../parts/problem-notice.tsx';
import { problemText, toProblem } from '../problems.ts';
import css from './broken-page.module.css';

/** Where a page would be that threw: an answer of the server that was refused, or a fault of ours. */
export function BrokenPage({ error, reset }: ErrorComponentProps) {
  const { t } = useTranslation();
  const router = useRouter();
  const problem = toProblem(error);
  const again = () => {
    // A part of the program that did not arrive is not asked for again by the browser until the page is loaded anew.
    if (problem.code === 'page.not_loaded') return location.reload();
    reset();
    void router.invalidate();
  };
  useEffect(() => {
    document.title = t('document_title', { title: problemText(problem, t).title });
  }, [problem, t]);
  return (
    <div className={css.broken}>
      <ProblemBlock problem={problem} retry={again} page />
    </div>
  );
}
