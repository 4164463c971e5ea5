/** All of them, so many at once; the first that fails ends it when those that had begun are done. */
export async function eachOf<T>(
  items: readonly T[],
  at_once: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items.values();
  let failed = false;
  const lane = async (): Promise<void> => {
    for (const item of rest) {
      if (failed) return;
      try {
        await work(item);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const lanes = Array.from({ length: Math.min(at_once, items.length) }, lane);
  const broken = (await Promise.allSettled(lanes)).find(({ status }) => status === 'rejected');
  if (broken?.status === 'rejected') throw broken.reason;
}
