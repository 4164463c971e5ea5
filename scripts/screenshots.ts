import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Role } from '../src/contract/permissions.ts';
import { findChromium, openChromium } from '../tests/e2e/support/chromium.ts';
import { bringRows, furnish } from '../tests/e2e/support/furnish.ts';
import { type Moulin, openMoulin } from '../tests/e2e/support/moulin.ts';
import { becomeFirstAdmin, invitePerson, type Person } from '../tests/e2e/support/people.ts';
import { openVisit } from '../tests/e2e/support/visit.ts';
import { until } from '../tests/support/until.ts';
import type { Language } from '../web/src/i18n/languages.ts';

// `npm run screenshots`: the pictures of the README and the guide, of the real product with a little in it. Not at each
// test run: pictures that change with every clock tick would drown what really changed.

const FOLDER = fileURLToPath(new URL('../docs/images/', import.meta.url));
const WORKSPACE = 'main';

const picturesOf = (table_id: string) => [
  { name: 'home', path: `/w/${WORKSPACE}` },
  { name: 'lake', path: `/w/${WORKSPACE}/lake` },
  { name: 'snapshots', path: `/w/${WORKSPACE}/lake/tables/${table_id}?tab=snapshots` },
  { name: 'members', path: `/w/${WORKSPACE}/settings/members` },
  { name: 'audit', path: `/w/${WORKSPACE}/audit` },
  { name: 'health', path: '/instance/health' },
  { name: 'api', path: '/api-docs?operation=members.list' },
];

const CUSTOMERS = ['Épicerie Fine', 'Café du Port', 'Restaurant Le Tilleul'].map((name, at) => ({
  id: at + 1,
  name,
}));
const STOCK = Array.from({ length: 500 }, (_, at) => ({ article: `article ${at}`, pieces: (at * 7) % 40 }));

const undone: (() => Promise<void>)[] = [];
try {
  const executable = await findChromium();
  if (executable === undefined)
    throw new Error('No Chromium is installed; MOULIN_CHROMIUM may say where one is.');
  const moulin = await openMoulin({ after: undo => void undone.unshift(undo) });
  const browser = await openChromium(executable);
  undone.unshift(() => browser.close());
  const { person, table_id } = await settleIn(moulin);
  mkdirSync(FOLDER, { recursive: true });
  for (const language of ['en', 'fr'] as const)
    for (const theme of ['light', 'dark'] as const) await takePictures(language, theme);

  async function takePictures(language: Language, theme: 'light' | 'dark'): Promise<void> {
    const { page, open, context } = await openVisit(browser, moulin, { as: person, language, theme });
    const ending = [...(language === 'en' ? [] : [language]), ...(theme === 'light' ? [] : [theme])];
    for (const { name, path: address } of picturesOf(table_id)) {
      await open(address);
      await page.screenshot({ path: join(FOLDER, `${[name, ...ending].join('-')}.png`) });
    }
    await context.close();
  }
} finally {
  for (const undo of undone) await undo();
}

async function settleIn(moulin: Moulin): Promise<{ person: Person; table_id: string }> {
  const ada = await becomeFirstAdmin(moulin, { name: 'Ada Lemaire', email: 'ada@primeurs.example' });
  const { version, id, slug } = await ada.api['workspace.show']({ workspace: WORKSPACE });
  const place = { id, slug, name: 'Primeurs du Midi' };
  const body = { name: place.name, time_zone: 'Europe/Paris' };
  await ada.api['workspace.edit']({ body, version, workspace: WORKSPACE });
  const person = (name: string, role: Role) =>
    invitePerson(moulin, place, { role, name, email: emailOf(name) });
  await person('Karim Benali', 'admin');
  const names = ['Zoé Lefèvre', 'Jonas Müller', 'Inès Caron'];
  const { table_id } = await furnish(
    { person: (_, given) => person(given?.name ?? '', 'viewer') },
    place,
    ada,
    names,
  );
  await bringRows(ada.api, WORKSPACE, CUSTOMERS, 'customers');
  await bringRows(ada.api, WORKSPACE, STOCK, 'stock');
  await until('the tables have been looked at', async () => {
    const { items } = await ada.api['lake_tables.list']({ query: {}, workspace: WORKSPACE });
    return items.every(({ health }) => health.level !== 'unknown');
  });
  return { person: ada, table_id };
}

function emailOf(name: string): string {
  const [first = ''] = name.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().split(' ');
  return `${first}@primeurs.example`;
}
