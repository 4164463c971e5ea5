/** For what scrolls inside the page: a stop of its own for the keyboard, and a name for whoever gets there. */
export function scrollRegion(label: string) {
  return { tabIndex: 0, role: 'region', 'aria-label': label } as const;
}
