import { Tooltip } from '@mantine/core';
import { useEffect, useState } from 'react';
import { relativeRefresh } from '../i18n/format.ts';
import { useFormat } from '../i18n/use-format.ts';

/** "3 minutes ago", kept true; the exact time with its zone on hover, on focus and for machines. */
export function RelativeTime({ at }: { at: string }) {
  const format = useFormat();
  const now = useNow(at);
  return (
    <Tooltip label={format.exact(at)}>
      <time dateTime={at} className="figures">
        {format.relative(at, now)}
      </time>
    </Tooltip>
  );
}

function useNow(at: string): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setTimeout(() => setNow(Date.now()), relativeRefresh(at, now));
    return () => clearTimeout(timer);
  }, [at, now]);
  return now;
}
