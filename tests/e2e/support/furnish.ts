import type { Person, Place } from './people.ts';
import type { Scene } from './scenario.ts';

/** Names as people have them: another script, another direction, and one that nobody can stop from being long. */
export const NAMES = ['Zoé Lefèvre', 'Jonas Müller', 'محمد الأمين', `Léa ${'Wilhelmine '.repeat(45)}`.trim()];

/** A workspace in which everything has something to show. */
export async function furnish(
  scene: Pick<Scene, 'person'>,
  place: Place,
  owner: Person,
  names = NAMES,
): Promise<{ service_account_id: string; member_ids: string[] }> {
  const { api } = owner;
  const workspace = place.slug;
  const members = await Promise.all(names.map(name => scene.person(place, { role: 'viewer', name })));
  await api['invitations.create']({
    body: { email: 'new.colleague@example.com', role: 'editor' },
    workspace,
  });
  const body = { name: 'nightly-export', role: 'editor' } as const;
  const account = await api['service_accounts.create']({ body, workspace });
  await api['tokens.create']({
    params: { id: account.id },
    body: { name: 'cron on vm-3', scopes: ['members:read', 'audit:read'] },
    workspace,
  });
  await api['my_tokens.create']({ body: { name: 'laptop', workspace, expires_in_days: null } });
  await api['secrets.put']({ params: { name: 'shop-db.password' }, body: { value: 'turning' }, workspace });
  return { service_account_id: account.id, member_ids: members.map(member => member.id) };
}
