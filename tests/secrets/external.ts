import { randomBytes } from 'node:crypto';
import { type Address, inDatabase, withClient } from '../../src/base/db/connection.ts';
import type { Undoing } from '../cli/installation.ts';
import { testServer } from '../support/database.ts';

interface SomebodysDatabase {
  url: string;
  app_url: string;
  /** Sees every row, to search them. */
  admin: Address;
}

/**
 * A database as somebody brings their own, with passwords that the test chooses: roles of this test's own, so that other
 * tests on the same server keep theirs.
 */
export async function databaseOfSomebody(
  t: Undoing,
  passwords: { owner: string; app: string },
): Promise<SomebodysDatabase> {
  const { admin } = await testServer();
  const name = `test_${randomBytes(6).toString('hex')}`;
  const [owner, app] = [`${name}_owner`, `${name}_app`];
  await withClient(admin, 'test', async client => {
    const quote = client.escapeLiteral.bind(client);
    await client.query(`create role ${owner} login createrole password ${quote(passwords.owner)}`);
    await client.query(`create role ${app} login noinherit password ${quote(passwords.app)}`);
    await client.query(`grant moulin_workspace, moulin_instance to ${app}`);
    await client.query(`create database ${name} owner ${owner}`);
    await client.query(`grant connect on database ${name} to ${app}`);
  });
  t.after(() =>
    withClient(admin, 'test', async client => {
      await client.query(`drop database if exists ${name} with (force)`);
      await client.query(`drop role if exists ${owner}, ${app}`);
    }),
  );
  return {
    url: urlOf(admin, name, owner, passwords.owner),
    app_url: urlOf(admin, name, app, passwords.app),
    admin: inDatabase(admin, name),
  };
}

function urlOf(server: Address, database: string, user: string, password: string): string {
  const url = new URL('url' in server ? server.url : `postgres://localhost:${server.port}/`);
  if (!('url' in server)) url.searchParams.set('host', server.host);
  url.pathname = `/${database}`;
  url.username = user;
  url.password = encodeURIComponent(password);
  return url.href;
}
