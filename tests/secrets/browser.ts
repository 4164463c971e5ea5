/** A browser with a cookie jar that keeps every answer it gets, headers and all. */
export interface Browser {
  get(path: string, headers?: Headers): Promise<Answer>;
  post(path: string, body: unknown, headers?: Headers): Promise<Answer>;
  put(path: string, body: unknown, headers?: Headers): Promise<Answer>;
  /** A body as it is, however broken. */
  raw(method: string, path: string, body: string, headers?: Headers): Promise<Answer>;
  /** An address outside the API. */
  page(path: string): Promise<Answer>;
  /** The value of the session cookie. */
  session(): string;
  cookie(): string;
}

export interface Answer {
  status: number;
  /** The fields of the answer; of one that is no object, none. */
  body: Partial<Record<string, string>>;
}

type Headers = Record<string, string>;

export function browser(url: string, keep: (place: string, text: string) => void): Browser {
  const jar = new Map<string, string>();
  const cookie = () => [...jar].map(([name, value]) => `${name}=${value}`).join('; ');

  const send = async (method: string, path: string, headers: Headers, body?: string): Promise<Answer> => {
    const response = await fetch(url + path, {
      method,
      headers: { origin: url, cookie: cookie(), ...headers },
      redirect: 'manual',
      ...(body !== undefined && { body }),
    });
    const text = await response.text();
    // A cookie that is set is where a session belongs; all other headers are searched.
    const shown = [...response.headers].filter(([name]) => name !== 'set-cookie');
    keep(
      `${method} ${path.split('?')[0]?.replace('/api/v1', '').slice(0, 30)}`,
      `${JSON.stringify(shown)}\n${text}`,
    );
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      jar.set(name, value);
    }
    return { status: response.status, body: parse(text) };
  };
  const api = (method: string, path: string, body: string | undefined, headers: Headers = {}) =>
    send(method, `/api/v1${path}`, { 'content-type': 'application/json', ...headers }, body);

  return {
    get: (path, headers = {}) => send('GET', `/api/v1${path}`, headers),
    post: (path, body, headers) => api('POST', path, JSON.stringify(body), headers),
    put: (path, body, headers) => api('PUT', path, JSON.stringify(body), headers),
    raw: (method, path, body, headers) => api(method, path, body, headers),
    page: path => send('GET', path, {}),
    cookie,
    session() {
      const [, value] = [...jar].find(([name]) => /^(__Host-)?moulin_[0-9a-f]{8}$/.test(name)) ?? [];
      if (!value) throw new Error(`no session cookie among ${[...jar.keys()].join(', ')}`);
      return decodeURIComponent(value);
    },
  };
}

function parse(text: string): Answer['body'] {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
