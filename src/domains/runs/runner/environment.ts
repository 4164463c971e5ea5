// What of our own environment a runner gets: where things are, how the network is reached, and nothing that says who we are.

const ALLOWED = [
  'PATH',
  'HOME',
  'USER',
  'LANG',
  'LC_ALL',
  'LC_CTYPE',
  'NODE_EXTRA_CA_CERTS',
  'NODE_COMPILE_CACHE',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'ALL_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'all_proxy',
  'no_proxy',
  // Windows starts nothing without them.
  'SystemRoot',
  'SYSTEMROOT',
  'COMSPEC',
  'PATHEXT',
];

/** `pass` names what the operator wants runners to have beside that. */
export function runnerEnvironment(
  ours: NodeJS.ProcessEnv,
  own: Record<string, string>,
  pass: readonly string[] = [],
): NodeJS.ProcessEnv {
  const kept = [...ALLOWED, ...pass].flatMap(name => (ours[name] === undefined ? [] : [[name, ours[name]]]));
  return { ...Object.fromEntries(kept), TZ: 'UTC', ...own };
}
