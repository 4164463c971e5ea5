/** Where a browser goes after signing in: a page of ours, never another site that a link named. */
export function safeNext(next: string | undefined): string {
  const HOME = '/';
  if (next === undefined || !/^\/(?![/\\])[^\\\p{Cc}]*$/u.test(next)) return HOME;
  const origin = 'http://moulin.invalid';
  if (!URL.canParse(next, origin)) return HOME;
  const url = new URL(next, origin);
  // `/./` and the like may fold to `//other.example`, which a browser reads as another host.
  const isOurs = url.origin === origin && !url.pathname.startsWith('//');
  return isOurs && !/^\/api(\/|$)/.test(url.pathname) ? url.pathname + url.search + url.hash : HOME;
}
