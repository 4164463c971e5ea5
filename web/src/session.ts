import { useQuery, useSuspenseQuery } from '@tanstack/react-query';
import { createContext, useCallback, useContext } from 'react';
import type { Me } from '../../src/contract/access.ts';
import {
  isInstanceRight,
  isWorkspacePermission,
  type Permission,
  type Role,
  roleHolds,
} from '../../src/contract/permissions.ts';
import { apiQuery } from './api.ts';

export type Membership = Me['memberships'][number];

export const meQuery = apiQuery('me.show', {});

/** Whoever is signed in. Only below the signed-in part of the router, which has seen to it that there is one. */
export function useMe(): Me {
  return useSuspenseQuery(meQuery).data;
}

/** The same on pages that anybody may open. */
export function useMaybeMe(): Me | undefined {
  return useQuery({ ...meQuery, enabled: false }).data;
}

/** The workspace of the address; on the other pages the one of the last visit, so that the navigation stays. */
export const CurrentMembership = createContext<Membership | undefined>(undefined);
export const useMembership = () => useContext(CurrentMembership);

/** What to show. Whether it may be done is decided by the server, each time. */
export function useMay(): (permission: Permission | undefined) => boolean {
  const me = useMe();
  const role = useMembership()?.role;
  return useCallback(permission => permission === undefined || holds(me, role, permission), [me, role]);
}

export function holds(
  me: Pick<Me, 'instance_rights'>,
  role: Role | undefined,
  permission: Permission,
): boolean {
  if (isInstanceRight(permission)) return me.instance_rights.includes(permission);
  if (isWorkspacePermission(permission)) return role !== undefined && roleHolds(role, permission);
  return true;
}
