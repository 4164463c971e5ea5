import { Button } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { i18next } from '../i18n/i18n.ts';
import { problemText, toProblem } from '../problems.ts';
import css from './toasts.module.css';

interface Done {
  message: string;
  /** Takes back what was done. Left out where it cannot be. */
  undo?: () => Promise<unknown>;
}

const SHOWN_MS = 6000;

/** Something happened that the page itself does not show clearly enough. */
export function toastDone({ message, undo }: Done): void {
  const id = notifications.show({
    message: (
      <span className={css.line}>
        {message}
        {undo !== undefined && (
          <Button
            variant="subtle"
            onClick={() => {
              notifications.hide(id);
              undo().catch(toastProblem);
            }}
          >
            {i18next.t('undo')}
          </Button>
        )}
      </span>
    ),
    autoClose: SHOWN_MS,
    role: 'status',
    ...frame(),
  });
}

/** For what was refused away from any form; it stays until it is read. */
export function toastProblem(error: unknown): void {
  const text = problemText(toProblem(error), i18next.t);
  notifications.show({
    title: text.title,
    message: `${text.detail} ${text.hint}`,
    color: 'bad',
    autoClose: false,
    role: 'alert',
    ...frame(),
  });
}

function frame() {
  return { withBorder: true, closeButtonProps: { 'aria-label': i18next.t('close') } };
}
