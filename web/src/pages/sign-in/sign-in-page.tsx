import { Button, Skeleton } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useRouter, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { callApi, useApi } from '../../api.ts';
import { Form } from '../../parts/form/form.tsx';
import { ProblemNotice } from '../../parts/problem-notice.tsx';
import { safeNext } from '../../safe-next.ts';
import { meQuery } from '../../session.ts';
import css from './door.module.css';
import { Door } from './door.tsx';
import { knownProblem } from './known-problem.ts';

export default function SignInPage() {
  const { t } = useTranslation('sign_in');
  const options = useApi('sign_in.options', {});
  const search: { next?: string; problem?: string; request_id?: string } = useSearch({ strict: false });
  const problem = knownProblem(search, t);
  if (options.data?.needs_first_admin) return <FirstAdmin />;
  return (
    <Door title={t('title')}>
      {problem !== undefined && <ProblemNotice problem={problem} />}
      {options.error !== null && (
        <ProblemNotice problem={options.error.problem} retry={() => void options.refetch()} />
      )}
      {options.isPending && <Skeleton height={160} />}
      {options.data !== undefined && (
        <SignInWays
          password={options.data.password_login}
          oidc={options.data.oidc}
          next={safeNext(search.next, location.origin)}
        />
      )}
    </Door>
  );
}

interface Ways {
  password: boolean;
  oidc: { name: string; start_url: string } | null;
  next: string;
}

export function SignInWays({ password, oidc, next }: Ways) {
  const { t } = useTranslation('sign_in');
  return (
    <div className={css.stack}>
      {oidc !== null && (
        <Button
          component="a"
          href={startUrl(oidc.start_url, next)}
          variant={password ? 'default' : 'filled'}
          fullWidth
        >
          {t('with_provider', { name: oidc.name })}
        </Button>
      )}
      {oidc !== null && password && <p className={css.or}>{t('or')}</p>}
      {password && <PasswordForm next={next} />}
      {!password && oidc === null && <p>{t('no_way')}</p>}
    </div>
  );
}

function PasswordForm({ next }: { next: string }) {
  const { t } = useTranslation('sign_in');
  const queries = useQueryClient();
  const router = useRouter();
  return (
    <Form
      fields={[
        { name: 'email', kind: 'email', label: t('email'), required: true, autoComplete: 'username' },
        {
          name: 'password',
          kind: 'password',
          label: t('password'),
          required: true,
          autoComplete: 'current-password',
        },
      ]}
      initial={{ email: '', password: '' }}
      submit={t('submit')}
      wide
      run={async body => {
        queries.setQueryData(meQuery.queryKey, await callApi('sign_in.password', { body }));
        router.history.push(next);
      }}
    >
      <details className="small dim">
        <summary>{t('forgot')}</summary>
        <p>{t('forgot_text')}</p>
      </details>
    </Form>
  );
}

/** Nobody exists yet: only the link on the console makes the first admin. */
function FirstAdmin() {
  const { t } = useTranslation('sign_in');
  return (
    <Door title={t('first.title')} text={t('first.text')}>
      <code className={css.command}>moulin user link EMAIL</code>
      <Button onClick={() => location.reload()}>{t('first.again')}</Button>
    </Door>
  );
}

function startUrl(start_url: string, next: string): string {
  const url = new URL(start_url, location.origin);
  url.searchParams.set('next', next);
  return url.href;
}
