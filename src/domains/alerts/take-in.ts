import { appendEvents, notifyAfterCommit, type Store, type Tx } from '../../base/db/index.ts';
import { newId } from '../../base/kit/ids.ts';
import type { Event } from '../../contract/system.ts';
import { type OpenIncident, type Outcome, type Settlement, settle } from './incident.ts';
import { incidentMessage, type MessageKind } from './message.ts';
import { outcomeOf } from './outcome.ts';
import {
  addDeliveries,
  addIncidents,
  holdWorkspaces,
  lockApplied,
  moveApplied,
  type NewDelivery,
  openIncidentsOf,
  recoverIncidents,
  repeatIncidents,
  type WorkspaceName,
  webhooksIn,
} from './store.ts';

/** Something waits to be sent. */
export const DELIVERIES_WAIT = 'moulin_webhooks';

/** What ended, made into incidents and messages; one transaction, and of each event once, however often it comes. */
export async function takeIn(store: Store, events: readonly Event[], url: string): Promise<void> {
  await store.withInstance('incidents', async tx => {
    const applied = BigInt(await lockApplied(tx));
    const news = events.filter(event => BigInt(event.position) > applied);
    const last = news.at(-1);
    if (!last) return;
    const outcomes = news.map(outcomeOf).filter(outcome => outcome !== undefined);
    if (outcomes.length > 0) await applyOutcomes(tx, outcomes, url);
    await moveApplied(tx, last.position);
  });
}

async function applyOutcomes(tx: Tx, all: readonly Outcome[], url: string): Promise<void> {
  const workspaces = new Map(
    (await holdWorkspaces(tx, [...new Set(all.map(({ workspace_id }) => workspace_id))])).map(one => [
      one.id,
      one,
    ]),
  );
  const outcomes = all.filter(({ workspace_id }) => workspaces.has(workspace_id));
  const settlement = settle(await openIncidentsOf(tx, subjectsOf(outcomes)), outcomes, newId);
  const { opened, repeated, recovered } = settlement;
  await addIncidents(tx, opened);
  await repeatIncidents(tx, repeated);
  await recoverIncidents(tx, recovered);
  await tellOpenPages(tx, settlement);
  await prepareMessages(tx, settlement, workspaces, url);
}

function subjectsOf(outcomes: readonly Outcome[]): { workspace_id: string; subject: string }[] {
  const subjects = outcomes.map(({ workspace_id, subject }) => ({ workspace_id, subject }));
  return [...new Map(subjects.map(one => [`${one.workspace_id} ${one.subject}`, one])).values()];
}

async function tellOpenPages(tx: Tx, { opened, repeated, recovered }: Settlement): Promise<void> {
  const tell = (type: string, { workspace_id, id, kind, title, subject }: OpenIncident) => ({
    workspace_id,
    type,
    subject: `incident:${id}`,
    payload: { kind, title, subject },
  });
  await appendEvents(tx, [
    ...opened.map(one => tell('incident.opened', one)),
    ...repeated.map(one => tell('incident.repeated', one)),
    ...recovered.map(({ incident }) => tell('incident.recovered', incident)),
  ]);
}

async function prepareMessages(
  tx: Tx,
  { opened, recovered }: Settlement,
  workspaces: ReadonlyMap<string, WorkspaceName>,
  url: string,
): Promise<void> {
  const wishes = new Map(
    (await webhooksIn(tx, [...workspaces.keys()])).map(({ workspace_id, on_kinds }) => [
      workspace_id,
      on_kinds,
    ]),
  );
  const about = (
    kind: MessageKind,
    incident: OpenIncident,
    run_id: string | null,
    at: string,
  ): NewDelivery[] => {
    const { workspace_id } = incident;
    const workspace = workspaces.get(workspace_id);
    if (!workspace || !isWanted(wishes.get(workspace_id) ?? [], incident.kind, kind)) return [];
    const { slug, name } = workspace;
    const body = incidentMessage({ kind, incident, run_id, workspace: { slug, name }, at, url });
    return [{ id: newId(), workspace_id, incident_id: incident.id, kind, body }];
  };
  const deliveries = [
    ...opened.flatMap(incident => about(incident.kind, incident, incident.first_run_id, incident.opened_at)),
    ...recovered.flatMap(({ incident, run_id, at }) => about('recovered', incident, run_id, at)),
  ];
  await addDeliveries(tx, deliveries);
  if (deliveries.length > 0) notifyAfterCommit(tx, DELIVERIES_WAIT);
}

/** Whoever is not told that something fails does not hear that it is well again either. */
function isWanted(on_kinds: readonly string[], incident_kind: string, kind: MessageKind): boolean {
  return on_kinds.includes(incident_kind) && on_kinds.includes(kind);
}
