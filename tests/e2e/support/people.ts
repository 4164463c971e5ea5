import { randomUUID } from 'node:crypto';
import { type Client, createClient } from '../../../src/contract/client.ts';
import { INSTANCE_RIGHTS, type Role } from '../../../src/contract/permissions.ts';
import type { Moulin } from './moulin.ts';

export interface Cookie {
  name: string;
  value: string;
}

export interface Place {
  id: string;
  slug: string;
  name: string;
}

export interface Person {
  id: string;
  name: string;
  email: string;
  password: string;
  readonly cookie: Cookie;
  /** The API as this person, from a session of their own. */
  api: Client;
}

/** Long enough, on no list, and the same for all: what is tested is never the password itself. */
export const PASSWORD = 'blue harvest turning stones';

export async function makeWorkspace(moulin: Moulin, name = 'Primeurs du Midi'): Promise<Place> {
  const slug = `w-${randomUUID().slice(0, 8)}`;
  return moulin.local['workspaces.create']({ body: { name, slug, time_zone: 'Europe/Paris' } });
}

/** As people come in: invited, with a link that is used once. */
export async function invitePerson(
  moulin: Moulin,
  place: Place,
  given: { role: Role; name?: string; email?: string },
): Promise<Person> {
  const name = given.name ?? 'Ada Lemaire';
  const email = given.email ?? `${randomUUID().slice(0, 8)}@example.com`;
  const invitation = await moulin.local['invitations.create']({
    body: { email, role: given.role },
    workspace: place.slug,
  });
  return enter(moulin, invitation.url, { name, email });
}

export async function joinWorkspace(moulin: Moulin, person: Person, place: Place, role: Role): Promise<void> {
  const body = { email: person.email, role };
  const { url } = await moulin.local['invitations.create']({ body, workspace: place.slug });
  await person.api['links.use']({ body: { token: new URL(url).hash.slice(1) } });
}

/** By the link that the console shows at the first start. */
export function becomeFirstAdmin(
  moulin: Moulin,
  who = { name: 'First Admin', email: 'first@example.com' },
): Promise<Person> {
  const link = /http:\S+\/link#\S+/.exec(moulin.output())?.[0];
  if (link === undefined) throw new Error(`there is no link in: ${moulin.output()}`);
  return enter(moulin, link, who);
}

async function enter(moulin: Moulin, link: string, who: { name: string; email: string }): Promise<Person> {
  const token = new URL(link).hash.slice(1);
  const jar = cookieJar(moulin);
  const me = await jar.client['links.use']({ body: { token, ...who, password: PASSWORD } });
  return {
    id: me.id,
    ...who,
    password: PASSWORD,
    api: jar.client,
    // Some calls begin a new session.
    get cookie() {
      return jar.cookie();
    },
  };
}

export async function giveRights({ local }: Moulin, { id }: Person): Promise<void> {
  const { version } = await local['users.show']({ params: { id } });
  await local['users.edit']({ params: { id }, body: { instance_rights: [...INSTANCE_RIGHTS] }, version });
}

function cookieJar(moulin: Moulin): { client: Client; cookie(): Cookie } {
  let held: Cookie | undefined;
  const client = createClient({
    fetch: async (path, init) => {
      const response = await fetch(`${moulin.url()}${path}`, {
        ...init,
        headers: { ...init.headers, ...sent(held) },
      });
      held = received(response) ?? held;
      return response;
    },
  });
  return {
    client,
    cookie: () => {
      if (held === undefined) throw new Error('this person was never given a session');
      return held;
    },
  };
}

function sent(cookie: Cookie | undefined): Record<string, string> {
  return cookie === undefined ? {} : { cookie: `${cookie.name}=${cookie.value}` };
}

function received(response: Response): Cookie | undefined {
  const [line] = response.headers.getSetCookie().filter(text => text.includes('moulin_'));
  const [, name, value] = /^([^=]+)=([^;]*)/.exec(line ?? '') ?? [];
  return name === undefined || value === undefined || value === '' ? undefined : { name, value };
}
