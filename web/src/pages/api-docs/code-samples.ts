// The same request as somebody would write it in a terminal or a program. Pure.

export interface SampleRequest {
  method: string;
  url: string;
  headers: Readonly<Record<string, string>>;
  /** JSON text, or nothing. */
  body: string | undefined;
}

export const SAMPLE_LANGUAGES = ['curl', 'typescript', 'python'] as const;
export type SampleLanguage = (typeof SAMPLE_LANGUAGES)[number];

/** The secret is never written out: every sample reads it from this variable of the environment. */
const TOKEN_VARIABLE = 'MOULIN_TOKEN';
const BEARER = 'Bearer ';

export function codeSample(language: SampleLanguage, request: SampleRequest): string {
  switch (language) {
    case 'curl':
      return curl(request);
    case 'typescript':
      return typescript(request);
    case 'python':
      return python(request);
    default:
      return language satisfies never;
  }
}

function headersOf(request: SampleRequest): [string, string][] {
  return Object.entries({ authorization: `${BEARER}$${TOKEN_VARIABLE}`, ...request.headers });
}

const isToken = (name: string) => name === 'authorization';

function curl(request: SampleRequest): string {
  const headers = headersOf(request).map(([name, value]) =>
    // Double quotes for the one value in which the shell fills in the variable.
    isToken(name) ? `-H "${name}: ${value}"` : `-H ${shellQuoted(`${name}: ${value}`)}`,
  );
  const method = request.method === 'GET' ? [] : [`-X ${request.method}`];
  const body = request.body === undefined ? [] : [`-d ${shellQuoted(request.body)}`];
  return [`curl ${[...method, shellQuoted(request.url)].join(' ')}`, ...headers, ...body].join(' \\\n  ');
}

/** Inside single quotes a shell reads nothing, so only the single quote itself needs care. */
function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function typescript(request: SampleRequest): string {
  const headers = headersOf(request).map(([name, value]) => {
    const text = isToken(name) ? `\`${BEARER}\${process.env.${TOKEN_VARIABLE}}\`` : quoted(value);
    return `    ${/^\w+$/.test(name) ? name : quoted(name)}: ${text},`;
  });
  const body = request.body === undefined ? [] : [`  body: JSON.stringify(${indented(request.body, '  ')}),`];
  return [
    `const response = await fetch(${quoted(request.url)}, {`,
    ...(request.method === 'GET' ? [] : [`  method: ${quoted(request.method)},`]),
    '  headers: {',
    ...headers,
    '  },',
    ...body,
    '});',
    'if (!response.ok) throw new Error((await response.json()).detail);',
    ...(request.method === 'DELETE' ? [] : ['console.log(await response.json());']),
  ].join('\n');
}

function python(request: SampleRequest): string {
  const headers = headersOf(request).map(
    ([name, value]) =>
      `        ${quoted(name)}: ${isToken(name) ? `f"${BEARER}{os.environ['${TOKEN_VARIABLE}']}"` : quoted(value)},`,
  );
  const body =
    request.body === undefined ? [] : [`    json=${indented(pythonLiteral(request.body), '    ')},`];
  return [
    'import os',
    'import requests',
    '',
    `response = requests.${request.method.toLowerCase()}(`,
    `    ${quoted(request.url)},`,
    '    headers={',
    ...headers,
    '    },',
    ...body,
    '    timeout=30,',
    ')',
    'response.raise_for_status()',
    ...(request.method === 'DELETE' ? [] : ['print(response.json())']),
  ].join('\n');
}

/** A JSON string is also a string of JavaScript and of Python. */
const quoted = (text: string) => JSON.stringify(text);

function indented(text: string, by: string): string {
  return text.replaceAll('\n', `\n${by}`);
}

/** JSON as Python writes it. Only words outside of strings are JSON's own, so strings are stepped over whole. */
function pythonLiteral(json: string): string {
  const words: Record<string, string> = { true: 'True', false: 'False', null: 'None' };
  return json.replace(/"(?:[^"\\]|\\.)*"|\b(?:true|false|null)\b/g, found => words[found] ?? found);
}
