import { ActionIcon, Button, type ButtonProps, Tooltip } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { copyText } from '../clipboard.ts';
import { CopyIcon, DoneIcon } from '../icons.ts';
import css from './copy-button.module.css';

const SAID_MS = 2000;

interface CopyButtonProps extends ButtonProps {
  text: string;
  label?: string;
}

export function CopyButton({ text, label, ...button }: CopyButtonProps) {
  const { t } = useTranslation();
  const { outcome, copy } = useCopying(text);
  return (
    <Button
      {...button}
      leftSection={outcome === 'copied' ? <DoneIcon size={14} /> : <CopyIcon size={14} />}
      onClick={copy}
    >
      <span aria-live="polite">{outcome === null ? (label ?? t('copy')) : t(`copy_${outcome}`)}</span>
    </Button>
  );
}

/** The same where there is no room for a word: over a corner of the text, which keeps as much free. */
export function CopyIconButton({ text, className }: { text: string; className?: string }) {
  const { t } = useTranslation();
  const { outcome, copy } = useCopying(text);
  const words = outcome === null ? t('copy') : t(`copy_${outcome}`);
  return (
    <div className={className}>
      <Tooltip label={words} {...(outcome !== null && { opened: true })}>
        <ActionIcon variant="default" aria-label={t('copy')} onClick={copy}>
          {outcome === 'copied' ? (
            <DoneIcon size={14} aria-hidden="true" />
          ) : (
            <CopyIcon size={14} aria-hidden="true" />
          )}
        </ActionIcon>
      </Tooltip>
      <span role="status" className={css.said}>
        {outcome !== null && words}
      </span>
    </div>
  );
}

function useCopying(text: string) {
  const [outcome, setOutcome] = useState<'copied' | 'refused' | null>(null);
  useEffect(() => {
    if (outcome === null) return;
    const timer = setTimeout(() => setOutcome(null), SAID_MS);
    return () => clearTimeout(timer);
  }, [outcome]);
  const copy = async () => setOutcome((await copyText(text)) ? 'copied' : 'refused');
  return { outcome, copy };
}
