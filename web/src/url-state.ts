/** The search part of an address as flat text: what people see, edit and send each other. */
export type UrlState = Readonly<Record<string, string>>;
export type UrlChange = Readonly<Record<string, string | null>>;

export function parseUrlState(search: string): UrlState {
  return Object.fromEntries(new URLSearchParams(search));
}

export function formatUrlState(state: object): string {
  const given = Object.entries(state).filter(([, value]) => value !== undefined && value !== '');
  const text = new URLSearchParams(given.map(([key, value]) => [key, String(value)])).toString();
  return text === '' ? '' : `?${text}`;
}

/** `null` takes a key away. The others stay: two lists on one page do not undo each other. */
export function changeUrlState(state: UrlState, change: UrlChange): UrlState {
  return Object.fromEntries(
    Object.entries({ ...state, ...change }).filter(
      (entry): entry is [string, string] => entry[1] !== null && entry[1] !== '',
    ),
  );
}
