/** One line of CSV (RFC 4180). */
export function csvLine(values: readonly (string | null)[]): string {
  return `${values.map(value => csvCell(value ?? '')).join(',')}\r\n`;
}

/**
 * A spreadsheet runs what begins like a formula, and a name or an audit entry is written by strangers: an apostrophe in
 * front makes it text (ASVS 1.2.10).
 */
export function csvCell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
