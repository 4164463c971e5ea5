import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { configKeys, parseBytes, parseDuration } from '../../contract/config.ts';
import { type ConfigSources, entryOf, maskUrl, resolveConfig } from './config.ts';
import { parseConfigFile } from './config-file.ts';
import { type Failure, isFailure } from './errors.ts';

function sources(given: Partial<ConfigSources> = {}): ConfigSources {
  return {
    flags: {},
    env: {},
    file: null,
    remembered: {},
    cwd: '/cwd',
    home: '/home',
    default_memory: 4 * 1024 ** 3,
    readSecret: path => assert.fail(`nothing should read ${path}`),
    ...given,
  };
}

function problemsOf(given: Partial<ConfigSources>): Record<string, string> {
  try {
    resolveConfig(sources(given));
  } catch (error) {
    assert(isFailure(error, 'config.invalid'), String(error));
    return Object.fromEntries((error as Failure).fields.map(field => [field.path, field.message]));
  }
  return {};
}

const file = (text: string) => parseConfigFile(text, '/etc/moulin.yaml');

test('with nothing given every key has its default', () => {
  const { config, entries, secrets } = resolveConfig(sources());
  assert.equal(config.data, '/home/.moulin');
  assert.equal(config.host, '127.0.0.1');
  assert.equal(config.port, 4610);
  assert.equal(config.memory, 4 * 1024 ** 3);
  assert.equal(config.database.url, null);
  assert.deepEqual(secrets, []);
  assert.deepEqual(
    entries.map(entry => entry.key),
    configKeys.map(key => key.key),
  );
  assert(entries.every(entry => entry.origin === 'default' && entry.source === null));
});

test('flags win over variables, variables over the file, the file over what was remembered', () => {
  const all = {
    flags: { port: '1' },
    env: { MOULIN_PORT: '2' },
    file: file('port: 3'),
    remembered: { port: 4 },
  };
  const origin = (given: Partial<ConfigSources>) => {
    const resolved = resolveConfig(sources(given));
    return [resolved.config.port, entryOf(resolved, 'port')?.origin, entryOf(resolved, 'port')?.source];
  };
  assert.deepEqual(origin(all), [1, 'flag', '--port']);
  assert.deepEqual(origin({ ...all, flags: {} }), [2, 'environment', 'MOULIN_PORT']);
  assert.deepEqual(origin({ ...all, flags: {}, env: {} }), [3, 'file', '/etc/moulin.yaml']);
  assert.deepEqual(origin({ remembered: { port: 4 } }), [4, 'remembered', 'instance.json']);
});

test('an empty variable and a null in the file say nothing', () => {
  const { config } = resolveConfig(sources({ env: { MOULIN_PORT: '' }, file: file('port:\ntls:\n') }));
  assert.equal(config.port, 4610);
});

test('relative paths start where they were written', () => {
  const data = (given: Partial<ConfigSources>) => resolveConfig(sources(given)).config.data;
  assert.equal(data({ flags: { data: 'd' } }), '/cwd/d');
  assert.equal(data({ env: { MOULIN_DATA: 'd' } }), '/cwd/d');
  assert.equal(data({ file: file('data: d') }), '/etc/d');
  assert.equal(data({}), '/home/.moulin');
});

test('text from flags and variables becomes what YAML would give', () => {
  const { config } = resolveConfig(
    sources({
      env: {
        MOULIN_DEMO: 'no',
        MOULIN_MEMORY: '2GB',
        MOULIN_TRUSTED_PROXIES: '10.0.0.1, 10.1.0.0/16',
        MOULIN_SESSION_IDLE_HOURS: '90m',
        MOULIN_OIDC_GROUP_ROLES: 'admins=admin,cn=data=sales/editor',
      },
      file: file('retention: { logs_days: 2w, logs_bytes: 512 MiB }'),
    }),
  );
  assert.equal(config.demo, false);
  assert.equal(config.memory, 2 * 1024 ** 3);
  assert.deepEqual(config.trusted_proxies, ['10.0.0.1', '10.1.0.0/16']);
  assert.equal(config.session.idle_hours, 1.5);
  assert.equal(config.retention.logs_days, 14);
  assert.equal(config.retention.logs_bytes, 512 * 1024 ** 2);
  assert.deepEqual(config.oidc.group_roles, [
    { group: 'admins', workspace: 'main', role: 'admin' },
    { group: 'cn=data', workspace: 'sales', role: 'editor' },
  ]);
});

test('every problem is told at once, with the key and where it came from', () => {
  const problems = problemsOf({
    flags: { port: 'high' },
    env: { MOULIN_LOG_LEVEL: 'loud', MOULIN_DATABSE_URL: 'postgres://x' },
    file: file('memory: tiny\ntsl: {}\nbackup: 3\nlog: { fromat: json }'),
  });
  assert.match(problems.port ?? '', /"high" must be a whole number from 0 to 65534 \(--port\)/);
  assert.match(problems['log.level'] ?? '', /"loud".*MOULIN_LOG_LEVEL/);
  assert.match(problems.MOULIN_DATABSE_URL ?? '', /did you mean MOULIN_DATABASE_URL/);
  assert.match(problems.memory ?? '', /"tiny" must be a size such as 2GB \(in \/etc\/moulin.yaml\)/);
  assert.match(problems.backup ?? '', /must hold keys/);
  assert.match(problems['log.fromat'] ?? '', /did you mean log.format/);
  assert.match(problems.tsl ?? '', /is not a setting/);
  assert.equal(Object.keys(problems).length, 7);
});

test('a foreign variable is mentioned, what Kubernetes adds is not', () => {
  const env = {
    MOULIN_COLOUR_SCHEME: 'blue',
    MOULIN_PORT: 'tcp://10.0.0.7:4610',
    MOULIN_SERVICE_HOST: '10.0.0.7',
    MOULIN_PORT_4610_TCP_ADDR: '10.0.0.7',
    MOULIN_TEST_REQUIRE: 'x',
    MOULIN_URL: 'http://x',
  };
  const { config, warnings } = resolveConfig(sources({ env }));
  assert.equal(config.port, 4610);
  assert.deepEqual(warnings, [
    'The variable MOULIN_COLOUR_SCHEME is not a setting of Moulin and is ignored.',
  ]);
});

test('a host that others can reach needs TLS, a proxy, or consent', () => {
  const host = (flags: Record<string, unknown>) => problemsOf({ flags: { host: '0.0.0.0', ...flags } });
  assert.match(host({}).host ?? '', /is not loopback: set tls.cert/);
  assert.deepEqual(host({ insecure_http: true }), {});
  assert.deepEqual(host({ trusted_proxies: '10.0.0.1' }), {});
  assert.deepEqual(host({ 'tls.cert': 'a', 'tls.key': 'b' }), {});
  assert.match(problemsOf({ flags: { 'tls.cert': 'a' } })['tls.key'] ?? '', /go together/);
  assert.match(
    problemsOf({ flags: { 'oidc.password_login': false } })['oidc.password_login'] ?? '',
    /nobody/,
  );
});

test('a storage on S3 needs one way to credentials', () => {
  const s3 = { 'storage.url': 's3://lake' };
  const key = { 'storage.access_key': 'a', 'storage.secret_key': 'b' };
  const wrong = (flags: Record<string, unknown>) => Object.keys(problemsOf({ flags }));
  assert.deepEqual(wrong(s3), ['storage.access_key']);
  assert.deepEqual(wrong({ ...s3, 'storage.access_key': 'a' }), ['storage.secret_key']);
  assert.deepEqual(wrong({ ...s3, ...key, 'storage.aws_chain': 'yes' }), ['storage.aws_chain']);
  assert.deepEqual(wrong({ ...s3, ...key, 'storage.sts_endpoint': 'https://sts.example.com' }), [
    'storage.role',
  ]);
  assert.deepEqual(wrong({ ...s3, ...key, 'storage.role': 'lake' }), ['storage.role']);
  assert.deepEqual(wrong({ ...s3, ...key, 'storage.role': 'arn:aws:iam::123456789012:role/lake' }), []);
  assert.deepEqual(wrong({ ...s3, 'storage.aws_chain': 'yes' }), []);
  const { config, secrets } = resolveConfig(sources({ flags: { ...s3, ...key } }));
  assert.equal(config.storage.path_style, null);
  assert.deepEqual(secrets.toSorted(), ['a', 'b']);
});

test('a secret comes by value or by file, not by both, and never shows', () => {
  const read = { '/cwd/k': 'file-secret-1\n', '/etc/s': 'file-secret-2' } as Record<string, string>;
  const resolved = resolveConfig(
    sources({
      env: { MOULIN_KEY_FILE: 'k', MOULIN_DATABASE_URL: 'postgres://me:hunter%2B22@db:5432/x' },
      file: file('oidc: { issuer: https://id.example, client_id: moulin, client_secret_file: s }'),
      readSecret: path => read[path] ?? assert.fail(path),
    }),
  );
  assert.equal(resolved.config.key, 'file-secret-1');
  assert.equal(resolved.config.oidc.client_secret, 'file-secret-2');
  assert.equal(entryOf(resolved, 'key')?.value, '•••');
  assert.equal(entryOf(resolved, 'key')?.source, 'MOULIN_KEY_FILE');
  assert.equal(entryOf(resolved, 'database.url')?.value, 'postgres://me:•••@db:5432/x');
  assert.deepEqual(
    new Set(resolved.secrets),
    new Set(['file-secret-1', 'file-secret-2', 'hunter%2B22', 'hunter+22']),
  );
  assert.doesNotMatch(JSON.stringify(resolved.entries), /file-secret|hunter/);
  const both = problemsOf({ env: { MOULIN_KEY: 'a', MOULIN_KEY_FILE: 'b' } });
  assert.match(both.key ?? '', /key and key_file are both set/);
});

test('a wrong secret is refused without being repeated', () => {
  const problems = problemsOf({ env: { MOULIN_DATABASE_URL: 'mysql://me:hunter22@db/x' } });
  assert.match(problems['database.url'] ?? '', /must be an address such as postgres/);
  assert.doesNotMatch(JSON.stringify(problems), /hunter22/);
});

test('a secret file that cannot be read is one of the problems', () => {
  const readSecret = () => {
    throw Object.assign(new Error('no'), { code: 'EACCES' });
  };
  const problems = problemsOf({ env: { MOULIN_KEY_FILE: '/k' }, flags: { port: 'x' }, readSecret });
  assert.match(problems.key ?? '', /\/k cannot be read \(EACCES\)/);
  assert.equal(Object.keys(problems).length, 2);
});

test('the file is refused in words when it is no YAML, no mapping, a bomb or too large', () => {
  const refused = (text: string) =>
    assert.throws(
      () => file(text),
      error => isFailure(error),
    );
  refused('port: [');
  refused('port: 1\nport: 2');
  refused(`a: ${'['.repeat(20_000)}`);
  refused(`x: "${'a'.repeat(1024 * 1024)}"`);
  const bomb = Array.from({ length: 9 }, (_, i) => `a${i}: &a${i} [${i ? `*a${i - 1},`.repeat(9) : '1,'}]`);
  refused(bomb.join('\n'));
  assert.match(problemsOf({ file: file('- a') })['/etc/moulin.yaml'] ?? '', /must hold lines/);
  assert.deepEqual(problemsOf({ file: file('') }), {});
  assert.deepEqual(Object.keys(problemsOf({ file: file('__proto__: { port: 1 }') })), ['__proto__']);
});

test('the result cannot be changed', () => {
  const { config } = resolveConfig(sources());
  assert.throws(() => Object.assign(config.log, { level: 'debug' }), TypeError);
  assert.throws(() => config.outbound.allow.push('x'), TypeError);
});

test('every key has a sentence, a variable of its own and, unless it is a secret, a flag', () => {
  assert(configKeys.length > 25);
  for (const key of configKeys) {
    assert.match(key.doc, /^[A-Z"].*\.$/, key.key);
    if (key.secret === 'whole') assert(key.flag === null && key.file, key.key);
    else assert(key.flag, key.key);
  }
  const names = configKeys.flatMap(key => [key.env, ...(key.file ? [key.file.env] : [])]);
  assert.equal(new Set(names).size, names.length);
});

test('sizes and durations', () => {
  assert.equal(parseBytes('2GB'), 2 * 1024 ** 3);
  assert.equal(parseBytes('1.5 gib'), 1.5 * 1024 ** 3);
  assert.equal(parseBytes('700'), 700);
  for (const bad of ['', 'GB', '2 XB', '-1', '1e9', '2GBs']) assert.equal(parseBytes(bad), undefined, bad);
  assert.equal(parseDuration('1d 12h'), 129_600);
  for (const bad of ['', '8', 'h', '8x', '8h!']) assert.equal(parseDuration(bad), undefined, bad);
});

test('no text in any variable makes anything but a configuration or a listed problem', () => {
  const text = fc.oneof(
    fc.string(),
    fc.constantFrom('1', 'true', 'http://a', 'a=b', '9'.repeat(400), '[::1]'),
  );
  const env = fc.dictionary(fc.constantFrom(...configKeys.map(key => key.env)), text);
  fc.assert(
    fc.property(env, given => {
      try {
        resolveConfig(sources({ env: given }));
      } catch (error) {
        assert(isFailure(error, 'config.invalid'), String(error));
      }
    }),
  );
});

test('an address loses its password however it is written', () => {
  assert.equal(maskUrl('postgres://u:p%40ss@h:1/d?sslpassword=x'), 'postgres://u:•••@h:1/d?•••');
  assert.equal(maskUrl('s3://bucket/prefix'), 's3://bucket/prefix');
  assert.equal(maskUrl('no address: hunter2'), '•••');
});
