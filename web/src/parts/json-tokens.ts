/** JSON text in pieces that a reader tells apart; whatever is not JSON comes back as it is. */
export interface JsonToken {
  kind: 'key' | 'string' | 'number' | 'word' | 'plain';
  text: string;
}

const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\b(?:true|false|null)\b/g;

export function jsonTokens(json: string): JsonToken[] {
  const tokens: JsonToken[] = [];
  let end = 0;
  for (const match of json.matchAll(TOKEN)) {
    const [text, string, colon] = match;
    if (match.index > end) tokens.push({ kind: 'plain', text: json.slice(end, match.index) });
    tokens.push({ kind: kindOf(text, string, colon), text: string ?? text });
    if (colon !== undefined) tokens.push({ kind: 'plain', text: colon });
    end = match.index + text.length;
  }
  if (end < json.length) tokens.push({ kind: 'plain', text: json.slice(end) });
  return tokens;
}

function kindOf(text: string, string: string | undefined, colon: string | undefined): JsonToken['kind'] {
  if (string !== undefined) return colon === undefined ? 'string' : 'key';
  return /^[-\d]/.test(text) ? 'number' : 'word';
}

/** Two spaces of indent where it is JSON, unchanged where it is not (a CSV export, an HTML page of a proxy). */
export function prettyJson(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
