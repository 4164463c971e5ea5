import { Button, TextInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { Trans, useTranslation } from 'react-i18next';
import type { Problem } from '../../../src/contract/errors.ts';
import { toProblem } from '../problems.ts';
import css from './dialog.module.css';
import { Dialog } from './dialog.tsx';
import { ProblemNotice } from './problem-notice.tsx';

interface ConfirmDialogProps {
  /** A question that names the thing. */
  title: string;
  /** What follows from it. */
  children: ReactNode;
  /** The verb, never "OK". */
  action: string;
  destructive?: boolean;
  /** Must be typed first: for what cannot be undone and takes much with it. */
  typed?: string;
  run: () => Promise<unknown>;
  onClose: () => void;
  /** Once it is done; closes unless something else follows. */
  onDone?: () => void;
}

/** Open while it is rendered. Stays open, with the reason, when the server refuses. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { title, children, action, destructive = false, typed, run, onClose, onDone = onClose } = props;
  const { t } = useTranslation();
  const [text, setText] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const confirm = async () => {
    setBusy(true);
    try {
      await run();
      onDone();
    } catch (error) {
      setProblem(toProblem(error));
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        className={css.stack}
        onSubmit={event => {
          event.preventDefault();
          if (typed === undefined || text === typed) void confirm();
        }}
      >
        {problem !== undefined && <ProblemNotice problem={problem} />}
        <div>{children}</div>
        {typed !== undefined && (
          <TextInput
            label={<Trans i18nKey="confirm.type" values={{ typed }} components={{ code: <code /> }} />}
            value={text}
            onChange={event => setText(event.currentTarget.value)}
            autoComplete="off"
            spellCheck={false}
            data-autofocus
          />
        )}
        <div className={css.buttons}>
          <Button onClick={onClose}>{t('cancel')}</Button>
          <Button
            type="submit"
            variant="filled"
            color={destructive ? 'bad' : 'accent'}
            loading={busy}
            disabled={typed !== undefined && text !== typed}
          >
            {action}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
