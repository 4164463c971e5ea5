import ELK from 'elkjs/lib/elk-api.js';
import workerUrl from 'elkjs/lib/elk-worker.min.js?url';
import type { Box, BoxSize, Edge } from './layers.ts';

/**
 * Lays out in a worker of its own, which is ended when nobody waits for it any more: a graph that takes long never holds the page.
 */
export async function layOutWithElk(
  count: number,
  edges: readonly Edge[],
  size: BoxSize,
  signal: AbortSignal,
): Promise<Box[]> {
  const elk = new ELK({ workerUrl });
  const stopped = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  try {
    const laid = await Promise.race([
      elk.layout({
        id: 'all',
        layoutOptions: {
          'elk.algorithm': 'layered',
          'elk.direction': 'RIGHT',
          'elk.spacing.nodeNode': String(size.gap_y),
          'elk.layered.spacing.nodeNodeBetweenLayers': String(size.gap_x),
          'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES',
        },
        children: Array.from({ length: count }, (_, place) => ({
          id: String(place),
          width: size.width,
          height: size.height,
        })),
        edges: edges.map(([from, to], place) => ({
          id: `e${place}`,
          sources: [String(from)],
          targets: [String(to)],
        })),
      }),
      stopped,
    ]);
    return (laid.children ?? []).map(({ x = 0, y = 0 }) => ({ x, y }));
  } finally {
    elk.terminateWorker();
  }
}
