import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Problem } from '../../../src/contract/errors.ts';
import { NoPermissionIcon, RetryIcon, WarningIcon } from '../icons.ts';
import { problemReport, problemText } from '../problems.ts';
import { CopyButton } from './copy-button.tsx';
import { EmptyState } from './empty-state.tsx';
import css from './problem-notice.module.css';

interface ProblemProps {
  problem: Problem;
  retry?: () => void;
}

interface BlockProps extends ProblemProps {
  /** It stands for the whole page. */
  page?: boolean;
}

/** In the place of what could not be shown: what happened, what to do, and what to tell whoever helps. */
export function ProblemBlock({ problem, retry, page = false }: BlockProps) {
  const { t } = useTranslation();
  const text = problemText(problem, t);
  const forbidden = problem.code === 'auth.forbidden';
  return (
    <div role="alert">
      <EmptyState
        icon={forbidden ? <NoPermissionIcon size={18} /> : <WarningIcon size={18} />}
        title={text.title}
        heading={page ? 'h1' : 'p'}
        text={
          <>
            <p>{text.detail}</p>
            <p>{text.hint}</p>
            <RequestId id={text.request_id} />
          </>
        }
        action={
          <>
            {retry !== undefined && !forbidden && (
              <Button leftSection={<RetryIcon size={14} />} onClick={retry}>
                {t('retry')}
              </Button>
            )}
            <CopyButton
              variant="subtle"
              text={problemReport(problem, location.href)}
              label={t('problem.copy_details')}
            />
          </>
        }
      />
    </div>
  );
}

/** Above what is still shown: a form that was refused, a list that could not be refreshed. */
export function ProblemNotice({ problem, retry }: ProblemProps) {
  const { t } = useTranslation();
  const text = problemText(problem, t);
  return (
    <div role="alert" className={css.notice}>
      <WarningIcon size={16} className={css.icon} aria-hidden="true" />
      <div className={css.words}>
        <p className={css.title}>{text.title}</p>
        <p>{text.detail === text.title ? text.hint : `${text.detail} ${text.hint}`}</p>
        <RequestId id={text.request_id} />
      </div>
      {retry !== undefined && (
        <Button variant="subtle" onClick={retry}>
          {t('retry')}
        </Button>
      )}
    </div>
  );
}

function RequestId({ id }: { id: string }) {
  const { t } = useTranslation();
  if (id === '') return null;
  return (
    <p className="small faint">
      {t('problem.request')} <code>{id}</code>
    </p>
  );
}
