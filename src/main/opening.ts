/** What the work opens is closed again when it fails; otherwise it belongs to what the work answers. */
export async function opening<T>(work: (opened: AsyncDisposableStack) => Promise<T>): Promise<T> {
  const opened = new AsyncDisposableStack();
  try {
    return await work(opened);
  } catch (error) {
    await opened.disposeAsync();
    throw error;
  }
}
