const KEY = 'moulin.link';

/**
 * The token of `/link#<token>`. It leaves the address at once (a screen that is shared, a bookmark) and stays in this tab
 * until it is used: somebody who has to sign in first, perhaps at an identity provider, comes back to `/link`.
 */
export function takeLinkToken(): string {
  const token = location.hash.slice(1);
  if (token === '') return read();
  try {
    sessionStorage.setItem(KEY, token);
    history.replaceState(history.state, '', location.pathname);
  } catch {
    // Without storage the fragment stays: better seen than lost.
  }
  return token;
}

export function forgetLink(): void {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // It was never stored.
  }
}

function read(): string {
  try {
    return sessionStorage.getItem(KEY) ?? '';
  } catch {
    return '';
  }
}
