import { Button, type ButtonProps } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { copyText } from '../clipboard.ts';
import { CopyIcon, DoneIcon } from '../icons.ts';

const SAID_MS = 2000;

interface CopyButtonProps extends ButtonProps {
  text: string;
  label?: string;
}

export function CopyButton({ text, label, ...button }: CopyButtonProps) {
  const { t } = useTranslation();
  const [outcome, setOutcome] = useState<'copied' | 'refused' | null>(null);
  useEffect(() => {
    if (outcome === null) return;
    const timer = setTimeout(() => setOutcome(null), SAID_MS);
    return () => clearTimeout(timer);
  }, [outcome]);
  const copy = async () => setOutcome((await copyText(text)) ? 'copied' : 'refused');
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
