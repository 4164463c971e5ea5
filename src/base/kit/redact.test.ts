import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createRedactor, MIN_LENGTH, REDACTED } from './redact.ts';

const SECRET = 's3cr"et/+é \\ß?=&';

function redactorWith(...secrets: string[]) {
  const redactor = createRedactor();
  for (const secret of secrets) redactor.add(secret);
  return redactor;
}

test('a secret is covered in every spelling', () => {
  const { redact } = redactorWith(SECRET);
  const bytes = Buffer.from(SECRET);
  const spelled = [
    SECRET,
    JSON.stringify(SECRET),
    JSON.stringify(JSON.stringify({ a: SECRET })),
    encodeURIComponent(SECRET),
    encodeURIComponent(SECRET).toLowerCase(),
    `https://h/?q=${new URLSearchParams({ p: SECRET })}`,
    bytes.toString('base64'),
    bytes.toString('base64url'),
    bytes.toString('hex'),
  ];
  for (const form of spelled) {
    const text = redact(`before ${form} after`);
    assert(text.includes(REDACTED), form);
    assert.match(text, /^before .* after$/s);
    assert(!text.includes('s3cr') && !text.includes('c2Nyc'), text);
  }
});

test('a password inside a Basic header is covered, whatever user name stands before it', () => {
  const { redact } = redactorWith('correct horse battery');
  for (const user of ['a', 'ab', 'abc', 'abcd']) {
    const header = Buffer.from(`${user}:correct horse battery`).toString('base64');
    const left = redact(header);
    assert(left.includes(REDACTED));
    assert(
      !Buffer.from(left.split(REDACTED)[0] ?? '', 'base64')
        .toString()
        .includes('corr'),
      left,
    );
  }
});

test('short values and unknown text are left alone', () => {
  const { redact } = redactorWith('short', '');
  assert.equal(redact('a short text'), 'a short text');
  assert.equal(redact(''), '');
});

test('overlapping secrets leave nothing of each other', () => {
  const { redact } = redactorWith('abcdef', 'defXYZ123', 'abcdefghij');
  assert.equal(redact('<abcdefXYZ123>'), `<${REDACTED}>`);
  assert.equal(redact('<abcdefghij>'), `<${REDACTED}>`);
  assert.equal(redact('<abcdefabcdef>'), `<${REDACTED}>`);
  assert.equal(redact('abcdef-abcdef'), `${REDACTED}-${REDACTED}`);
});

test('a key that is logged line by line is covered', () => {
  const key =
    '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nBKcwggSjAgEAAoIBAQ\n-----END PRIVATE KEY-----';
  const { redact } = redactorWith(key);
  for (const line of key.split('\n')) assert.equal(redact(`> ${line}`), `> ${REDACTED}`);
});

test('a long secret is covered as a whole and encoded', () => {
  const long = Array.from({ length: 3000 }, (_, at) => String.fromCharCode(33 + ((at * 7) % 90))).join('');
  const { redact } = redactorWith(long);
  assert.equal(redact(`<${long}>`), `<${REDACTED}>`);
  const left = redact(Buffer.from(long).toString('base64')).replaceAll(REDACTED, '');
  assert(left.length < 10, left);
});

test('an API token is covered though nobody registered it; its visible beginning stays', () => {
  const { redact } = createRedactor();
  const token = `moulin_0123456789Ab_${'x9Y'.repeat(14)}z`;
  assert.equal(redact(`GET /members/${token}?a`), `GET /members/moulin_0123456789Ab_${REDACTED}?a`);
  assert.equal(redact('moulin_0123456789Ab'), 'moulin_0123456789Ab');
});

test('the registry is bounded: the least recently added goes, what is pinned stays', () => {
  const redactor = createRedactor(2);
  redactor.pin('pinned-secret');
  for (const secret of ['first-secret', 'second-secret', 'first-secret', 'third-secret'])
    redactor.add(secret);
  assert.equal(redactor.redact('first-secret'), REDACTED);
  assert.equal(redactor.redact('second-secret'), 'second-secret');
  assert.equal(redactor.redact('third-secret'), REDACTED);
  assert.equal(redactor.redact('pinned-secret'), REDACTED);
});

test('a spelling that two secrets share stays covered until both are forgotten', () => {
  const redactor = createRedactor(2);
  for (const secret of ['shared value', 'shared+value', 'other secret']) redactor.add(secret);
  assert.equal(redactor.redact('shared+value'), REDACTED);
  redactor.add('one more secret');
  assert.equal(redactor.redact('shared+value'), 'shared+value');
});

test('what one workspace reads is covered for its own secrets and those of the installation alone', () => {
  const redactor = createRedactor(4);
  redactor.pin('the-database-password');
  redactor.add('of-the-installation');
  redactor.add('secret-of-one', 'one');
  redactor.add('secret-of-both', 'one');
  redactor.add('secret-of-both', 'two');
  const text = 'the-database-password of-the-installation secret-of-one secret-of-both';
  const all = '••• ••• ••• •••';
  assert.equal(redactor.redact(text), all);
  assert.equal(redactor.of('one').redact(text), all);
  assert.equal(redactor.of('two').redact(text), '••• ••• secret-of-one •••');
  assert.equal(redactor.of('three').redact(text), '••• ••• secret-of-one secret-of-both');
  assert.equal(redactor.of(null).redact(text), '••• ••• secret-of-one secret-of-both');
  assert.deepEqual(redactor.of('two').redactValue({ a: ['secret-of-one', 'secret-of-both'] }), {
    a: ['secret-of-one', '•••'],
  });
  // Forgotten for one of its owners, it stays the other's.
  for (const secret of ['of-the-installation', 'secret-of-one', 'another-one']) redactor.add(secret, 'four');
  assert.equal(redactor.of('one').redact('secret-of-both'), 'secret-of-both');
  assert.equal(redactor.of('two').redact('secret-of-both'), '•••');
});

test('values inside JSON are covered, keys too, and nothing else changes', () => {
  const { redactValue } = redactorWith('hunter2222');
  const value = { a: ['x hunter2222'], hunter2222: { n: 1, t: true, z: null } };
  assert.deepEqual(redactValue(value), { a: [`x ${REDACTED}`], [REDACTED]: { n: 1, t: true, z: null } });
  const deep = JSON.parse(`${'['.repeat(5000)}"hunter2222"${']'.repeat(5000)}`) as unknown;
  assert.doesNotMatch(JSON.stringify(redactValue(deep)), /hunter2222/);
});

test('no registered secret survives, wherever it stands and however many there are', () => {
  const secret = fc.string({ minLength: MIN_LENGTH, maxLength: 40, unit: 'grapheme' });
  fc.assert(
    fc.property(
      fc.array(secret, { minLength: 1, maxLength: 20 }),
      fc.array(fc.string()),
      (secrets, between) => {
        const { redact } = redactorWith(...secrets);
        const text = secrets.map((one, at) => (between[at] ?? ' ') + one).join('');
        const left = redact(text);
        for (const one of secrets) assert(one.length < MIN_LENGTH || one === REDACTED || !left.includes(one));
      },
    ),
  );
});

test('text without secrets comes back as it was', () => {
  const { redact } = redactorWith('never-in-there-1', 'never-in-there-2');
  fc.assert(fc.property(fc.string({ unit: 'binary' }), text => redact(text) === text));
});
