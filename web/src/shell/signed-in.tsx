import { Outlet, useParams } from '@tanstack/react-router';
import { useEffect } from 'react';
import { WorkspaceScope } from '../api.ts';
import { LiveProvider } from '../live-provider.tsx';
import { lastWorkspace, rememberWorkspace } from '../preferences.ts';
import { CurrentMembership, useMe } from '../session.ts';
import { TimeZone } from '../time-zone.ts';
import { useAccountPreferences } from '../use-preferences.ts';
import { Shell } from './shell.tsx';

const BROWSER_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Everything around the pages of somebody who is signed in. */
export function SignedIn() {
  const me = useMe();
  useAccountPreferences(me);
  const params: { workspace?: string } = useParams({ strict: false });
  const slug = params.workspace ?? lastWorkspace() ?? me.memberships[0]?.workspace.slug;
  const membership = me.memberships.find(({ workspace }) => workspace.slug === slug);
  useEffect(() => {
    if (params.workspace !== undefined && membership !== undefined) rememberWorkspace(params.workspace);
  }, [params.workspace, membership]);
  return (
    <CurrentMembership value={membership}>
      <TimeZone value={membership?.workspace.time_zone ?? BROWSER_ZONE}>
        {/* A page of a workspace asks about that one; the others (account, installation) ask about none. */}
        <WorkspaceScope value={params.workspace}>
          <LiveProvider workspace={membership?.workspace.slug}>
            <Shell>
              <Outlet />
            </Shell>
          </LiveProvider>
        </WorkspaceScope>
      </TimeZone>
    </CurrentMembership>
  );
}
