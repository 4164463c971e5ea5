import { useTranslation } from 'react-i18next';
import type { TaskError } from '../../../../src/contract/runs.ts';
import { WarningIcon } from '../../icons.ts';
import css from './task-pane.module.css';
import { useErrorText } from './use-error-text.ts';

/** What went wrong and what to do; with how the process ended and its last words, where it was the process that went down. */
export function TaskErrorNotice({ error }: { error: TaskError }) {
  const { t } = useTranslation('runs');
  const { message, hint } = useErrorText()(error);
  const { exit_code, signal, stderr } = error;
  return (
    <div className={css.error}>
      <WarningIcon size={16} aria-hidden="true" />
      <div>
        <p className={css.message}>
          <bdi>{message}</bdi>
        </p>
        <p className="dim">{hint}</p>
        <p className="small dim">
          <code>{error.code}</code> · {t(`error.${error.retry}`)}
          {exit_code !== null && exit_code !== undefined && ` · ${t('error.exit_code', { code: exit_code })}`}
          {signal !== null && signal !== undefined && ` · ${t('error.signal', { signal })}`}
        </p>
        {stderr !== null && stderr !== undefined && stderr !== '' && (
          <details>
            <summary>{t('error.stderr')}</summary>
            <pre className={css.stderr} translate="no">
              {stderr}
            </pre>
          </details>
        )}
      </div>
    </div>
  );
}
