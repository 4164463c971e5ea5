import { Button, Skeleton } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Me } from '../../../../src/contract/access.ts';
import { type ApiError, type ApiOutput, apiQuery, callApi, useApi } from '../../api.ts';
import { useFormat } from '../../i18n/use-format.ts';
import type { Field, Values } from '../../parts/form/field.ts';
import { Form } from '../../parts/form/form.tsx';
import { ProblemNotice } from '../../parts/problem-notice.tsx';
import { toProblem } from '../../problems.ts';
import { meQuery } from '../../session.ts';
import { Door } from './door.tsx';
import { forgetLink, takeLinkToken } from './link-token.ts';
import { SignInWays } from './sign-in-page.tsx';

type OneTimeLink = ApiOutput<'links.show'>;

/** One page for all one-time links. The token is in the fragment, which no server, proxy or log ever sees. */
export default function LinkPage() {
  const { t } = useTranslation('sign_in');
  const [token] = useState(takeLinkToken);
  const link = useQuery<OneTimeLink, ApiError>({
    queryKey: ['links.show', token.length],
    queryFn: () => callApi('links.show', { body: { token } }),
    enabled: token !== '',
    retry: false,
  });
  if (token === '') return <NoLink />;
  if (link.error !== null)
    // A mail program that breaks a line leaves half a token, which is no token at all.
    return link.error.problem.code === 'request.invalid' ? (
      <NoLink />
    ) : (
      <Door title={t('link.title')}>
        <ProblemNotice problem={link.error.problem} />
        <Button component={Link} to="/sign-in">
          {t('link.to_sign_in')}
        </Button>
      </Door>
    );
  if (link.data === undefined)
    return (
      <Door title={t('link.title')}>
        <Skeleton height={160} />
      </Door>
    );
  return <UseLink link={link.data} token={token} />;
}

function NoLink() {
  const { t } = useTranslation('sign_in');
  return (
    <Door title={t('link.title')} text={t('link.missing')}>
      <Button component={Link} to="/sign-in">
        {t('link.to_sign_in')}
      </Button>
    </Door>
  );
}

function UseLink({ link, token }: { link: OneTimeLink; token: string }) {
  const { t } = useTranslation(['sign_in', 'common']);
  const { exact } = useFormat();
  const joins = link.kind === 'invitation' && link.has_account;
  const role = link.role === null ? '' : t(`common:roles.${link.role}`);
  return (
    <Door
      title={t(`link.${link.kind}.title`, { workspace: link.workspace_name })}
      text={
        <>
          <p>{t(`link.${link.kind}.text`, { email: link.email, role })}</p>
          <p className="small faint">{t('link.until', { time: exact(link.expires_at) })}</p>
        </>
      }
    >
      {joins ? <Join link={link} token={token} /> : <ChoosePassword link={link} token={token} />}
    </Door>
  );
}

function ChoosePassword({ link, token }: { link: OneTimeLink; token: string }) {
  const { t } = useTranslation('sign_in');
  const use = useLink(token);
  const names = fieldsOf(link);
  const fields: Record<string, Field<Values>> = {
    name: { name: 'name', kind: 'text', label: t('name'), required: true, autoComplete: 'name' },
    email: { name: 'email', kind: 'email', label: t('email'), required: true, autoComplete: 'username' },
    password: {
      name: 'password',
      kind: 'password',
      label: t('new_password'),
      description: t('password_help'),
      required: true,
      autoComplete: 'new-password',
    },
  };
  return (
    <Form
      fields={names.flatMap(name => fields[name] ?? [])}
      initial={Object.fromEntries(names.map(name => [name, '']))}
      submit={t(`link.${link.kind}.submit`)}
      wide
      run={use}
    />
  );
}

/** The first admin says who they are; an invited person is known by address; a reset asks for nothing else. */
function fieldsOf(link: OneTimeLink): string[] {
  if (link.kind === 'reset') return ['password'];
  return link.email === null ? ['name', 'email', 'password'] : ['name', 'password'];
}

/** The address has an account already: whoever is signed in with it joins, everybody else signs in first. */
function Join({ link, token }: { link: OneTimeLink; token: string }) {
  const { t } = useTranslation('sign_in');
  const me = useQuery({ ...apiQuery('me.show', {}), retry: false });
  const options = useApi('sign_in.options', {});
  const use = useLink(token);
  const [problem, setProblem] = useState<ReturnType<typeof toProblem>>();
  if (me.isPending || options.isPending) return <Skeleton height={120} />;
  if (me.data?.email?.toLowerCase() === link.email?.toLowerCase())
    return (
      <>
        {problem !== undefined && <ProblemNotice problem={problem} />}
        <Button
          variant="filled"
          fullWidth
          onClick={() => use({}).catch(error => setProblem(toProblem(error)))}
        >
          {t('link.invitation.join', { workspace: link.workspace_name })}
        </Button>
      </>
    );
  if (me.data !== undefined) return <OtherAccount me={me.data} email={link.email ?? ''} />;
  return (
    <>
      <p>{t('link.invitation.sign_in_first', { email: link.email })}</p>
      {options.data !== undefined && (
        <SignInWays password={options.data.password_login} oidc={options.data.oidc} next="/link" />
      )}
    </>
  );
}

function OtherAccount({ me, email }: { me: Me; email: string }) {
  const { t } = useTranslation('sign_in');
  const queries = useQueryClient();
  const leave = async () => {
    await callApi('sign_out', {});
    queries.removeQueries({ queryKey: meQuery.queryKey });
    location.reload();
  };
  return (
    <>
      <p>{t('link.invitation.other_account', { mine: me.email ?? me.name, email })}</p>
      <Button onClick={leave}>{t('link.invitation.sign_out')}</Button>
    </>
  );
}

/** Uses the link up and goes where it leads, so that Back does not return to a used link. */
function useLink(token: string): (values: Values) => Promise<void> {
  const queries = useQueryClient();
  const navigate = useNavigate();
  return async values => {
    const me = await callApi('links.use', { body: { token, ...values } });
    forgetLink();
    queries.clear();
    queries.setQueryData(meQuery.queryKey, me);
    await navigate({ to: '/', replace: true });
  };
}
