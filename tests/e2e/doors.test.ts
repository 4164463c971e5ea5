import { LANGUAGES, type Language } from '../../web/src/i18n/languages.ts';
import { sayIn } from './support/catalogue.ts';
import { inspect, listenForEnglish, standWide } from './support/inspect.ts';
import type { Moulin } from './support/moulin.ts';
import { becomeFirstAdmin, type Person, type Place } from './support/people.ts';
import { type Scene, scenario, scenarioAlone } from './support/scenario.ts';
import type { Visit } from './support/visit.ts';

// The pages before anybody is known: the sign-in, and whatever a one-time link may be for. They are no part of an area,
// so the tour of the areas does not come past them.

/** Asking who I am is refused, and that is how the page knows. */
const NOBODY = /401 \(Unauthorized\)/;
const USED = /410 \(Gone\)/;
const CUT = /400 \(Bad Request\)/;

for (const language of LANGUAGES)
  scenario(`the doors are whole, in ${language}`, async (scene, t) => {
    const place = await scene.workspace();
    const [member, stranger] = [await scene.person(place), await scene.person(await scene.workspace())];
    const links = await makeLinks(scene, place, stranger, member);

    const nobody = await scene.visit({ language });
    nobody.faults.expect(NOBODY);
    nobody.faults.expect(USED);
    nobody.faults.expect(CUT);
    const look = lookThrough(nobody, language);
    await t.test('sign-in', () => look('/sign-in', 'submit'));
    await t.test('sign-in, after the identity provider said no', () =>
      look(REFUSED, 'problem.refused.title'),
    );
    await t.test('sign-in, refused', () => look('/sign-in', 'submit', typeWrongly));
    await t.test('link, without its token', () => look('/link', 'link.missing'));
    await t.test('link, cut in half', () => look('/link#moulin_l1nk', 'link.missing'));
    await t.test('link, used', () => look(links.used, 'link.to_sign_in'));
    await t.test('link, password reset', () => look(links.reset, 'link.reset.submit'));
    await t.test('link, invitation', () => look(links.invitation, 'link.invitation.submit'));
    await t.test('link, invitation of somebody with an account', () =>
      look(links.of_account, 'link.invitation.sign_in_first'),
    );

    const invited = lookThrough(await scene.visit({ language, as: stranger }), language);
    await t.test('link, invitation of who is signed in', () =>
      invited(links.of_account, 'link.invitation.join'),
    );
    const other = lookThrough(await scene.visit({ language, as: member }), language);
    await t.test('link, invitation of somebody else', () =>
      other(links.of_account, 'link.invitation.sign_out'),
    );
  });

scenarioAlone(
  'the doors of a first day are whole',
  async (scene, t) => {
    const link = firstLink(scene.moulin);
    const looks = [];
    for (const language of LANGUAGES) {
      const visit = await scene.visit({ language });
      visit.faults.expect(NOBODY);
      looks.push({ language, look: lookThrough(visit, language) });
    }
    for (const { language, look } of looks) {
      await t.test(`sign-in, when nobody is there yet, in ${language}`, () =>
        look('/sign-in', 'first.title'),
      );
      await t.test(`link, first admin, in ${language}`, () => look(link, 'link.first_admin.title'));
    }
    await becomeFirstAdmin(scene.moulin);
    for (const { language, look } of looks)
      await t.test(`sign-in, with an identity provider, in ${language}`, () =>
        look('/sign-in', 'with_provider'),
      );
  },
  // Nobody asks it anything: the page only offers the way to it.
  async () => ({ MOULIN_OIDC_ISSUER: 'http://127.0.0.1:9', MOULIN_OIDC_CLIENT_ID: 'moulin' }),
);

const REFUSED = '/sign-in?problem=oidc.refused&request_id=01987b2c-7f3a-7c1e-9d55-0a4be91c6f20';

/** `shows` is the key of a text by which one knows to be where one wanted to look. */
type Look = (address: string, shows: string, then?: (visit: Visit) => Promise<void>) => Promise<void>;

function lookThrough(visit: Visit, language: Language): Look {
  const say = sayIn(language);
  const french = language === 'fr' ? listenForEnglish(visit) : undefined;
  return async (address, shows, then) => {
    await standWide(visit);
    // Only the fragment of the next address may differ, and that alone would load nothing.
    await visit.page.goto('about:blank');
    await visit.open(address);
    await visit.page
      .getByText(say(`sign_in:${shows}`))
      .first()
      .waitFor();
    await then?.(visit);
    await inspect(visit, french);
  };
}

async function typeWrongly({ page, settle }: Visit): Promise<void> {
  await page.locator('input[type="email"]').fill('nobody@example.com');
  await page.locator('input[type="password"]').fill('not this one');
  await page.locator('button[type="submit"]').click();
  await page.getByRole('alert').waitFor();
  await settle();
}

async function makeLinks({ moulin }: Scene, place: Place, stranger: Person, member: Person) {
  const invite = async (email: string) => {
    const body = { email, role: 'editor' } as const;
    return (await moulin.local['invitations.create']({ body, workspace: place.slug })).url;
  };
  return {
    // The link of the console has made the first admin already; expired and withdrawn ones get the same answer.
    used: firstLink(moulin),
    reset: (await moulin.local['users.link']({ body: { email: member.email } })).url,
    invitation: await invite(`new-${place.slug}@example.com`),
    of_account: await invite(stranger.email),
  };
}

function firstLink(moulin: Moulin): string {
  return /http:\S+\/link#\S+/.exec(moulin.output())?.[0] ?? '';
}
