import { Outlet, useParams } from '@tanstack/react-router';
import { useMe } from '../session.ts';
import { NoWorkspace } from './no-workspace.tsx';

/** A workspace that is not ours looks exactly like one that does not exist. */
export function WorkspaceFrame() {
  const { workspace: slug }: { workspace?: string } = useParams({ strict: false });
  const { memberships } = useMe();
  if (!memberships.some(({ workspace }) => workspace.slug === slug)) return <NoWorkspace slug={slug} />;
  // Another workspace is another page: nothing typed or chosen in one stays on screen in the other.
  return <Outlet key={slug} />;
}
