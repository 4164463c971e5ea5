import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

type Tokens = Record<string, string>;

/** The colours of one theme, as `tokens.css` draws them. */
function readTheme(name: 'light' | 'dark'): Tokens {
  const css = readFileSync(join(import.meta.dirname, 'tokens.css'), 'utf8');
  const block = new RegExp(`\\[data-mantine-color-scheme="${name}"\\] \\{([^}]*)\\}`).exec(css)?.[1] ?? '';
  return Object.fromEntries(
    [...block.matchAll(/--([\w-]+): (#[0-9a-f]{3,6});/g)].map(([, key, hex]) => [key, hex]),
  );
}

/** WCAG 2.2, relative luminance and contrast ratio. */
function luminance(hex: string): number {
  const digits =
    hex.slice(1).length === 3 ? [...hex.slice(1)].map(digit => digit + digit).join('') : hex.slice(1);
  const [red = 0, green = 0, blue = 0] = [0, 2, 4]
    .map(at => Number.parseInt(digits.slice(at, at + 2), 16) / 255)
    .map(value => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(a: string, b: string): number {
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

const GROUNDS = ['bg', 'surface', 'sunken', 'hover'];
const TEXT_ON_GROUND = ['ink', 'ink-2', 'ink-3', 'accent-text', 'bad', 'warn', 'ok', 'run', 'lost', 'wait'];
const STATES = ['ok', 'run', 'warn', 'bad', 'wait', 'lost'];
const INK_ON_FILL: [string, string][] = [
  ['accent-ink', 'accent'],
  ['accent-ink', 'accent-hover'],
  ['bad-ink', 'bad'],
  ['bad-ink', 'bad-hover'],
  ['grain-ink', 'grain'],
  ['accent-text', 'accent-soft'],
  ['ink', 'accent-soft'],
  ['ink', 'bad-soft'],
  ['ink-2', 'bad-soft'],
  ['ink', 'warn-soft'],
  ['ink', 'line'],
  ['ink-2', 'line'],
];

for (const theme of ['light', 'dark'] as const) {
  const tokens = readTheme(theme);
  const ratio = (text: string, ground: string) => {
    const [a, b] = [tokens[text], tokens[ground]];
    assert.ok(a && b, `${theme}: --${text} or --${ground} is missing`);
    return contrast(a, b);
  };

  test(`${theme}: text has 4.5:1 on every ground it stands on`, () => {
    const pairs = [
      ...TEXT_ON_GROUND.flatMap(text => GROUNDS.map((ground): [string, string] => [text, ground])),
      ...STATES.map((state): [string, string] => [state, `${state}-soft`]),
      ...INK_ON_FILL,
    ];
    const weak = pairs.filter(([text, ground]) => ratio(text, ground) < 4.5);
    assert.deepEqual(
      weak.map(([text, ground]) => `${text} on ${ground}: ${ratio(text, ground).toFixed(2)}`),
      [],
    );
  });

  test(`${theme}: a field and the ring of the focus can be seen, 3:1`, () => {
    const weak = ['line-control', 'accent'].flatMap(edge =>
      GROUNDS.filter(ground => ratio(edge, ground) < 3).map(
        ground => `${edge} on ${ground}: ${ratio(edge, ground).toFixed(2)}`,
      ),
    );
    assert.deepEqual(weak, []);
  });
}

test('both themes draw the same tokens', () => {
  assert.deepEqual(Object.keys(readTheme('dark')).sort(), Object.keys(readTheme('light')).sort());
});
