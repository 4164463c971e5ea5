import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Role } from '../../../src/contract/permissions.ts';
import { defer } from '../../support/defer.ts';
import { type Moulin, openMoulin } from './moulin.ts';
import { giveRights, invitePerson, joinWorkspace, makeWorkspace, type Person, type Place } from './people.ts';
import { sharedBrowser, sharedMoulin, skip } from './run.ts';
import { openVisit, type Visit, type VisitOptions } from './visit.ts';

/** What a test has: a Moulin, and people with browsers. */
export interface Scene {
  moulin: Moulin;
  workspace(name?: string): Promise<Place>;
  person(place: Place, given?: { role?: Role; name?: string }): Promise<Person>;
  /** Somebody who has an account already comes into another workspace. */
  join(person: Person, place: Place, role: Role): Promise<void>;
  /** All rights over the installation, as the first admin has them. */
  giveRights(person: Person): Promise<void>;
  visit(options?: VisitOptions): Promise<Visit>;
}

/** What must be there before it starts; answers the settings that it starts with. */
type Prepare = (t: TestContext) => Promise<Record<string, string>>;
type Story = (scene: Scene, t: TestContext) => Promise<void>;

/** A test as a person would do it. Whatever it looks at, no page of it may show a fault. */
export function scenario(name: string, story: Story): void {
  test(name, { skip }, async t => play(t, await sharedMoulin(), story));
}

/** The same in a Moulin of its own, for what would disturb others: its first day, its end. */
export function scenarioAlone(name: string, story: Story, prepare: Prepare = async () => ({})): void {
  test(name, { skip }, async t => {
    const settings = await prepare(t);
    await play(t, await openMoulin({ after: undo => defer(t, undo) }, settings), story);
  });
}

async function play(t: TestContext, moulin: Moulin, story: Story): Promise<void> {
  const visits: Visit[] = [];
  const scene: Scene = {
    moulin,
    workspace: name => makeWorkspace(moulin, name),
    person: (place, { role = 'owner', name } = {}) => invitePerson(moulin, place, { role, name }),
    join: (person, place, role) => joinWorkspace(moulin, person, place, role),
    giveRights: person => giveRights(moulin, person),
    visit: async options => {
      const visit = await openVisit(await sharedBrowser(), moulin, options);
      visits.push(visit);
      return visit;
    },
  };
  try {
    await story(scene, t);
    assert.deepEqual(
      visits.flatMap(visit => visit.faults.list()),
      [],
    );
  } catch (error) {
    await Promise.all(visits.map((visit, n) => picture(visit, `${t.name} ${n + 1}`)));
    throw error;
  } finally {
    await Promise.all(visits.map(visit => visit.context.close()));
  }
}

/** What was on screen when it failed, for whoever looks into it. */
async function picture({ page, faults }: Visit, name: string): Promise<void> {
  const file = join(import.meta.dirname, '../output', `${name.replace(/[^\p{L}\p{N}]+/gu, '-')}.png`);
  // Best effort: the reason of the failure is the error itself, and a closed page has no picture.
  await page.screenshot({ path: file, fullPage: true }).catch(() => {});
  for (const fault of faults.list()) console.error(`${name}: ${fault}`);
}
