import { useTranslation } from 'react-i18next';
import type { Me } from '../../../../src/contract/access.ts';
import { callApi, useApiChange } from '../../api.ts';
import { usePermissionText } from '../../parts/access/words.ts';
import { Card } from '../../parts/card.tsx';
import { Columns } from '../../parts/columns.tsx';
import { Facts } from '../../parts/facts.tsx';
import type { Field } from '../../parts/form/field.ts';
import { Form } from '../../parts/form/form.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { toastDone } from '../../parts/toasts.tsx';
import { useMe } from '../../session.ts';
import { Memberships } from './memberships.tsx';

/** A choice of its own, so that it can be seen and chosen: neither language nor theme is ours to fix. */
const AUTOMATIC = 'automatic';

type Values = { name: string; locale: string; theme: string };

export default function ProfilePage() {
  const { t } = useTranslation(['account', 'access', 'common']);
  const me = useMe();
  const permissionText = usePermissionText();
  return (
    <>
      <PageHeader title={t('common:pages.profile')} facts={t('profile.about')} />
      <Columns>
        <Card title={t('profile.title')}>
          <ProfileForm me={me} />
        </Card>
        <Card title={t('profile.access')}>
          <Facts
            facts={[
              { term: t('profile.email'), value: me.email ?? '–' },
              { term: t('profile.workspaces'), value: <Memberships me={me} /> },
              {
                term: t('profile.rights'),
                value:
                  me.instance_rights.length === 0 ? (
                    t('profile.no_rights')
                  ) : (
                    <ul>
                      {me.instance_rights.map(right => (
                        <li key={right}>{permissionText(right)}</li>
                      ))}
                    </ul>
                  ),
              },
            ]}
          />
        </Card>
      </Columns>
    </>
  );
}

const valuesOf = (me: Me): Values => ({
  name: me.name,
  locale: me.locale ?? AUTOMATIC,
  theme: me.theme ?? AUTOMATIC,
});

function ProfileForm({ me }: { me: Me }) {
  const { t } = useTranslation(['account', 'common']);
  const edit = useApiChange('me.edit');
  return (
    <Form<Values>
      editing
      draft="profile"
      fields={useFields()}
      initial={valuesOf(me)}
      version={me.version}
      submit={t('profile.save')}
      run={({ name, locale, theme }, version) =>
        edit.mutateAsync({
          version,
          body: {
            name,
            locale: locale === AUTOMATIC ? null : (locale as Me['locale']),
            theme: theme === AUTOMATIC ? null : (theme as Me['theme']),
          },
        })
      }
      reload={async () => {
        const now = await callApi('me.show', {});
        return { values: valuesOf(now), version: now.version };
      }}
      onDone={() => toastDone({ message: t('profile.saved') })}
    />
  );
}

function useFields(): Field<Values>[] {
  const { t } = useTranslation(['account', 'common']);
  return [
    {
      name: 'name',
      kind: 'text',
      label: t('profile.name'),
      required: true,
      autoComplete: 'name',
    },
    {
      name: 'locale',
      kind: 'choice',
      label: t('common:language'),
      required: true,
      options: [
        { value: AUTOMATIC, label: t('profile.as_browser') },
        { value: 'en', label: t('common:languages.en') },
        { value: 'fr', label: t('common:languages.fr') },
      ],
    },
    {
      name: 'theme',
      kind: 'choice',
      label: t('common:theme.label'),
      required: true,
      options: [
        { value: AUTOMATIC, label: t('common:theme.system') },
        { value: 'light', label: t('common:theme.light') },
        { value: 'dark', label: t('common:theme.dark') },
      ],
    },
  ];
}
