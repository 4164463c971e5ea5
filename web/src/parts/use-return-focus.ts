import { useEffect, useState } from 'react';

/**
 * For what is open while it is rendered: when it goes, the focus returns to where it was when it came. (Mantine's own return
 * waits for `opened` to become false, which never happens to what is simply no longer rendered.)
 */
export function useReturnFocus(): void {
  const [before] = useState(() => document.activeElement);
  useEffect(
    () => () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    },
    [before],
  );
}
