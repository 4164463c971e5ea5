// A graph in columns: each thing right of all that comes before it. Pure, and linear in nodes and edges.

export type Edge = readonly [before: number, after: number];

export interface Box {
  x: number;
  y: number;
}

export interface BoxSize {
  width: number;
  height: number;
  /** Between columns, and between the boxes of one. */
  gap_x: number;
  gap_y: number;
}

/** How many steps lead to each node at most. Edges that lead in a circle count for nothing. */
export function depthsOf(count: number, edges: readonly Edge[]): number[] {
  const after: number[][] = Array.from({ length: count }, () => []);
  const open = new Array<number>(count).fill(0);
  for (const [from, to] of edges) {
    after[from]?.push(to);
    open[to] = (open[to] ?? 0) + 1;
  }
  const depths = new Array<number>(count).fill(0);
  const ready = open.flatMap((left, node) => (left === 0 ? [node] : []));
  // The list grows while it is walked.
  for (const node of ready)
    for (const next of after[node] ?? []) {
      depths[next] = Math.max(depths[next] ?? 0, (depths[node] ?? 0) + 1);
      open[next] = (open[next] ?? 0) - 1;
      if (open[next] === 0) ready.push(next);
    }
  return depths;
}

/** Columns by depth, centred; in a column each box near the middle of those that lead to it. */
export function layOutLayers(count: number, edges: readonly Edge[], size: BoxSize): Box[] {
  if (edges.length === 0) return layOutGrid(count, size);
  const depths = depthsOf(count, edges);
  const before: number[][] = Array.from({ length: count }, () => []);
  for (const [from, to] of edges) before[to]?.push(from);
  const columns: number[][] = [];
  for (const [node, depth] of depths.entries()) {
    columns[depth] ??= [];
    columns[depth]?.push(node);
  }
  const place = new Array<number>(count).fill(0);
  for (const column of columns) {
    const wish = new Map(
      column.map(node => [node, mean((before[node] ?? []).map(from => place[from] ?? 0))]),
    );
    column.sort((a, b) => (wish.get(a) ?? 0) - (wish.get(b) ?? 0) || a - b);
    for (const [row, node] of column.entries()) place[node] = row - (column.length - 1) / 2;
  }
  return depths.map((depth, node) => ({
    x: depth * (size.width + size.gap_x),
    y: (place[node] ?? 0) * (size.height + size.gap_y),
  }));
}

/** Do two lines cross, or does one pass behind a box? Where none does, no better layout needs to be looked for. */
export function isTangled(boxes: readonly Box[], edges: readonly Edge[], size: BoxSize): boolean {
  const step = size.width + size.gap_x;
  const long = edges.some(([from, to]) => (boxes[to]?.x ?? 0) - (boxes[from]?.x ?? 0) > step);
  if (long) return true;
  const byColumn = Map.groupBy(edges, ([from]) => boxes[from]?.x ?? 0);
  return [...byColumn.values()].some(column => {
    const ends = column
      .map(([from, to]) => [boxes[from]?.y ?? 0, boxes[to]?.y ?? 0] as const)
      .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    // From the top down, each line must end no higher than the one above it.
    return ends.some(([, end], place) => place > 0 && end < (ends[place - 1]?.[1] ?? end));
  });
}

function layOutGrid(count: number, size: BoxSize): Box[] {
  const rows = Math.max(1, Math.ceil(Math.sqrt(count * 1.6)));
  return Array.from({ length: count }, (_, node) => ({
    x: Math.floor(node / rows) * (size.width + size.gap_y * 2),
    y: (node % rows) * (size.height + size.gap_y),
  }));
}

function mean(numbers: readonly number[]): number {
  return numbers.length === 0 ? 0 : numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
}
