import { type RawBuilder, sql } from 'kysely';

/** Text as people look for it and sort it: case and accents make no difference, so that Élodie comes before Zoé. */
export function folded(text: RawBuilder<string>): RawBuilder<string> {
  return sql<string>`lower(regexp_replace(normalize(${text}, NFD), '[\\u0300-\\u036f]', '', 'g'))`;
}

/** "zoe" finds Zoé; what a pattern would take for a wildcard is an ordinary character. */
export function contains(text: RawBuilder<string>, search: string): RawBuilder<boolean> {
  const pattern = `%${search.replaceAll(/[\\%_]/g, '\\$&')}%`;
  return sql<boolean>`${folded(text)} like ${folded(sql<string>`${pattern}::text`)}`;
}
