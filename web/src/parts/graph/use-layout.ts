import { useEffect, useMemo, useState } from 'react';
import { type Box, type BoxSize, type Edge, isTangled, layOutLayers } from './layers.ts';

/**
 * Where each node is: in columns, at once. Where lines cross, elk looks for a better place for each meanwhile; `simple` does
 * without. `edges` stays the same array while nothing changes.
 */
export function useLayout(
  count: number,
  edges: readonly Edge[],
  size: BoxSize,
  simple: boolean,
): readonly Box[] {
  const columns = useMemo(() => layOutLayers(count, edges, size), [count, edges, size]);
  const [better, setBetter] = useState<{ than: readonly Box[]; boxes: readonly Box[] }>();
  useEffect(() => {
    if (simple || !isTangled(columns, edges, size)) return;
    const stop = new AbortController();
    import('./elk-layout.ts')
      .then(({ layOutWithElk }) => layOutWithElk(columns.length, edges, size, stop.signal))
      .then(
        boxes => stop.signal.aborted || setBetter({ than: columns, boxes }),
        // The columns are there already; a layout that nobody could compute is no reason to show none.
        () => {},
      );
    return () => stop.abort();
  }, [columns, edges, size, simple]);
  return better?.than === columns ? better.boxes : columns;
}
