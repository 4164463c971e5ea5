import { depthsOf, type Edge } from './layers.ts';

// Thousands of nodes as a few: those at the same depth whose names differ only in numbers are one. Where that is not few
// enough, those of the same kind, then whole stretches of the depth. Pure.

export interface Member {
  name: string;
  kind: string;
}

export interface Group {
  /** The same while the run grows: it stands in addresses. */
  id: string;
  label: string;
  /** Places of its members. */
  members: number[];
}

export interface Grouping {
  groups: Group[];
  /** Places in `groups`. */
  edges: Edge[];
}

const MOST_GROUPS = 120;
const MOST_BANDS = 60;

export function groupNodes(nodes: readonly Member[], edges: readonly Edge[], most = MOST_GROUPS): Grouping {
  const depths = depthsOf(nodes.length, edges);
  const deepest = depths.reduce((most_so_far, depth) => Math.max(most_so_far, depth), 0);
  const band = Math.max(1, Math.ceil((deepest + 1) / MOST_BANDS));
  const byName = collect(nodes, edges, (node, place) => [depths[place] ?? 0, stemOf(node.name)]);
  if (byName.groups.length <= most) return byName;
  const byKind = collect(nodes, edges, (node, place) => [depths[place] ?? 0, node.kind]);
  if (byKind.groups.length <= most) return byKind;
  return collect(nodes, edges, (node, place) => [Math.floor((depths[place] ?? 0) / band), node.kind]);
}

/** `load-17 of 40` → `load-# of #` */
export function stemOf(name: string): string {
  return name.replace(/\d+/g, '#');
}

function collect(
  nodes: readonly Member[],
  edges: readonly Edge[],
  keyOf: (node: Member, place: number) => [depth: number, label: string],
): Grouping {
  const groups = new Map<string, Group>();
  const groupOf: string[] = [];
  for (const [place, node] of nodes.entries()) {
    const [depth, label] = keyOf(node, place);
    const id = `${depth} ${label}`;
    const group = groups.get(id) ?? { id, label, members: [] };
    group.members.push(place);
    groups.set(id, group);
    groupOf.push(id);
  }
  const places = new Map([...groups.keys()].map((id, place) => [id, place]));
  const between = new Map<string, Edge>();
  for (const [from, to] of edges) {
    const edge: Edge = [places.get(groupOf[from] ?? '') ?? 0, places.get(groupOf[to] ?? '') ?? 0];
    if (edge[0] !== edge[1]) between.set(edge.join(' '), edge);
  }
  return { groups: [...groups.values()], edges: [...between.values()] };
}
