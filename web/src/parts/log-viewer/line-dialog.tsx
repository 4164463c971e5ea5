import { useContext, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Problem } from '../../../../src/contract/errors.ts';
import type { LogLine } from '../../../../src/contract/runs.ts';
import { callApi, WorkspaceScope } from '../../api.ts';
import { useFormat } from '../../i18n/use-format.ts';
import { toProblem } from '../../problems.ts';
import { CodeBlock } from '../code-block.tsx';
import { CopyButton } from '../copy-button.tsx';
import { Dialog } from '../dialog.tsx';
import { Facts } from '../facts.tsx';
import { ProblemNotice } from '../problem-notice.tsx';
import { withoutAnsi } from './ansi.ts';
import css from './log-viewer.module.css';

interface LineDialogProps {
  line: LogLine;
  task_id: string;
  attempt: number;
  /** Its whole address, to be sent to somebody. */
  href: string;
  onClose: () => void;
}

/** A line with all that it keeps: its whole text, its fields, when exactly. */
export function LineDialog({ line, task_id, attempt, href, onClose }: LineDialogProps) {
  const { t } = useTranslation('runs');
  const { exact } = useFormat();
  const { text, problem } = useWholeText(line, task_id, attempt);
  return (
    <Dialog title={t('log.line', { n: line.n + 1 })} onClose={onClose} wide>
      <div className={css.details}>
        <Facts
          facts={[
            { term: t('log.time'), value: <time dateTime={line.at}>{exact(line.at)}</time> },
            { term: t('log.level'), value: t(`levels.${line.level}`) },
            { term: t('log.stream'), value: line.stream, mono: true },
          ]}
        />
        {problem !== undefined && <ProblemNotice problem={problem} />}
        <CodeBlock label={t('log.text')} text={withoutAnsi(text)} />
        {line.fields !== null && (
          <section>
            <h3>{t('log.fields_title')}</h3>
            <CodeBlock label={t('log.fields_title')} text={JSON.stringify(line.fields, null, 2)} json />
          </section>
        )}
        <CopyButton text={new URL(href, location.href).href} label={t('log.copy_link')} />
      </div>
    </Dialog>
  );
}

/** What the pages of a log cut off is asked for when somebody wants to see it. */
function useWholeText(line: LogLine, task_id: string, attempt: number) {
  const workspace = useContext(WorkspaceScope);
  const [text, setText] = useState(line.text);
  const [problem, setProblem] = useState<Problem>();
  useEffect(() => {
    if (!line.cut) return;
    const stop = new AbortController();
    const query = { attempt, from: line.n, limit: 1, full: 'true' as const };
    callApi('logs.page', { params: { id: task_id }, query }, { workspace, signal: stop.signal }).then(
      page => setText(page.items[0]?.text ?? line.text),
      error => stop.signal.aborted || setProblem(toProblem(error)),
    );
    return () => stop.abort();
  }, [line, task_id, attempt, workspace]);
  return { text, problem };
}
