/** The answers in the order of the items; never more than `limit` at work. After a failure nothing new begins. */
export async function sideBySide<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const answers: R[] = [];
  let next = 0;
  let failed = false;
  const lane = async () => {
    while (next < items.length && !failed) {
      const index = next++;
      const item = items[index];
      if (item === undefined) continue;
      try {
        answers[index] = await work(item, index);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const lanes = Array.from({ length: Math.min(limit, items.length) }, lane);
  // All lanes end before anybody is told: what they write in would be removed under them.
  const ended = await Promise.allSettled(lanes);
  for (const lane_end of ended) if (lane_end.status === 'rejected') throw lane_end.reason;
  return answers;
}
