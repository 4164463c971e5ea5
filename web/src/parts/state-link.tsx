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
      // What is current is said by whoever uses it: for the router every address of the page is.
      activeProps={{}}
      {...rest}
    >
      {children}
    </Link>
  );
}
