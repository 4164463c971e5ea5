import { useEffect, useMemo, useState } from 'react';
import { type Box, type BoxSize, type Edge, layOutLayers } from './layers.ts';

/**
 * Where each node is. `simple` is at once and in columns; otherwise elk looks for the places with the fewest crossings, and
 * columns are what there is where it fails. Undefined while it looks. `edges` stays the same array while nothing changes.
 */
export function useLayout(
  count: number,
  edges: readonly Edge[],
  size: BoxSize,
  simple: boolean,
): readonly Box[] | undefined {
  const columns = simple || edges.length === 0;
  const [laid, setLaid] = useState<readonly Box[]>();
  useEffect(() => {
    if (columns) return;
    const stop = new AbortController();
    const done = (boxes: readonly Box[]) => stop.signal.aborted || setLaid(boxes);
    import('./elk-layout.ts')
      .then(({ layOutWithElk }) => layOutWithElk(count, edges, size, stop.signal))
      .then(done, () => done(layOutLayers(count, edges, size)));
    return () => stop.abort();
  }, [count, edges, columns, size]);
  const inColumns = useMemo(
    () => (columns ? layOutLayers(count, edges, size) : undefined),
    [columns, count, edges, size],
  );
  // While a grown graph is laid out again, the nodes that were there stay where they are.
  return inColumns ?? (laid !== undefined && laid.length >= count ? laid : undefined);
}
