const MAX_LENGTH = 63;
const FALLBACK = 'workspace';
const MAX_CANDIDATES = 100;

/** "Ventes & Achats (été)" → `ventes-achats-ete`; a name of another script has no such letters and gets a plain word. */
export function slugOf(name: string): string {
  const plain = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, MAX_LENGTH)
    .replace(/^-+|-+$/g, '');
  return plain === '' ? FALLBACK : plain;
}

/** `sales`, `sales-2`, `sales-3` … */
export function slugCandidates(name: string): string[] {
  const slug = slugOf(name);
  const numbered = Array.from({ length: MAX_CANDIDATES }, (_, at) => {
    const ending = `-${at + 2}`;
    return slug.slice(0, MAX_LENGTH - ending.length).replace(/-+$/, '') + ending;
  });
  return [slug, ...numbered];
}
