import { Link } from '@tanstack/react-router';
import type { AriaAttributes, ReactNode } from 'react';
import { changeUrlState, type UrlChange, type UrlState } from '../url-state.ts';

interface StateLinkProps extends Pick<AriaAttributes, 'aria-current' | 'aria-label'> {
  change: UrlChange;
  className?: string | undefined;
  title?: string;
  children: ReactNode;
}

/** A link to this page with something else of it in sight. */
export function StateLink({ change, children, ...rest }: StateLinkProps) {
  return (
    <Link
      to="."
      search={(current: UrlState) => changeUrlState(current, change)}
      resetScroll={false}
      // Only the very same address is the current one, not every address of this page.
      activeOptions={{ exact: true }}
      {...rest}
    >
      {children}
    </Link>
  );
}
