/**
 * Where to go after signing in, from `?next=`: a path of this site and nothing else. Browsers read `//host`, `/\host`
 * and `/<tab>/host` as another site's address, so it is resolved the way they do it and then compared.
 */
export function safeNext(next: string | undefined, origin: string): string {
  if (next === undefined || !next.startsWith('/')) return '/';
  const address = URL.parse(next, origin);
  if (address === null || address.origin !== origin) return '/';
  const path = `${address.pathname}${address.search}${address.hash}`;
  const isLoop = /^\/sign-in\b/.test(path);
  return isLoop || path.startsWith('//') ? '/' : path;
}
