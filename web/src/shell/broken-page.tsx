import { Button } from '@mantine/core';
import { type ErrorComponentProps, useRouter } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { ProblemBlock } from '../parts/problem-notice.tsx';
import { toProblem } from '../problems.ts';
import css from './broken-page.module.css';

/** Where a page would be that threw: an answer of the server that was refused, or a fault of ours. */
export function BrokenPage({ error, reset }: ErrorComponentProps) {
  const { t } = useTranslation();
  const router = useRouter();
  const again = () => {
    reset();
    void router.invalidate();
  };
  return (
    <div className={css.broken}>
      <ProblemBlock problem={toProblem(error)} retry={again} />
      <Button variant="subtle" onClick={() => location.reload()}>
        {t('broken.reload')}
      </Button>
    </div>
  );
}
