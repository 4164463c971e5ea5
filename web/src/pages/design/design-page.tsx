import { Button, Checkbox, PasswordInput, Select, Switch, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Card } from '../../parts/card.tsx';
import { ConfirmDialog } from '../../parts/confirm-dialog.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { Facts } from '../../parts/facts.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { ProblemNotice } from '../../parts/problem-notice.tsx';
import { RelativeTime } from '../../parts/relative-time.tsx';
import { SecretBox } from '../../parts/secret-box.tsx';
import { StatePill } from '../../parts/state-pill.tsx';
import { stateNames } from '../../parts/states.ts';
import { toastDone } from '../../parts/toasts.tsx';
import { toProblem } from '../../problems.ts';
import { Mark } from '../../shell/mark.tsx';
import css from './design.module.css';
import { SampleTable } from './sample-table.tsx';

const GROUNDS = ['bg', 'surface', 'sunken', 'hover', 'line', 'line-strong', 'line-control'] as const;
const INKS = ['ink', 'ink-2', 'ink-3', 'accent-text', 'bad', 'warn', 'ok', 'run', 'lost'] as const;
const SERIES = ['s1', 's2', 's3', 's4', 's5', 's6'] as const;
const SPACES = ['1', '2', '3', '4', '5', '6', '8', '12'] as const;

/** Everything a page is made of, once, in the theme of the moment. */
export default function DesignPage() {
  const { t } = useTranslation('design');
  return (
    <main className={css.page}>
      <PageHeader title={t('title')} facts={t('facts')} state={<Mark />} />
      <div className={css.columns}>
        <Type />
        <Colours />
        <States />
        <Controls />
        <Words />
        <Measures />
      </div>
      <SampleTable />
    </main>
  );
}

function Type() {
  const { t } = useTranslation('design');
  return (
    <Card title={t('type.title')}>
      <div className={css.stack}>
        <p className={css.figure}>1 248 310</p>
        <p className={css.title}>{t('type.page')}</p>
        <h3 className={css.section}>{t('type.section')}</h3>
        <p>{t('type.text')}</p>
        <p className="dim">{t('type.second')}</p>
        <p className="small faint">{t('type.small')}</p>
        <p className="mono" translate="no">
          2026-11-21 09:14:58.120417 · shop.orders
        </p>
      </div>
    </Card>
  );
}

function Colours() {
  const { t } = useTranslation('design');
  return (
    <Card title={t('colours.title')}>
      <div className={css.stack}>
        <Swatches names={GROUNDS} />
        <Swatches names={SERIES} />
        <p className={css.inks}>
          {INKS.map(name => (
            <span key={name} translate="no" style={{ color: `var(--${name})` }}>
              {name}
            </span>
          ))}
        </p>
      </div>
    </Card>
  );
}

function Swatches({ names }: { names: readonly string[] }) {
  return (
    <ul className={css.swatches}>
      {names.map(name => (
        <li key={name}>
          <span className={css.swatch} style={{ background: `var(--${name})` }} />
          <span className="small faint" translate="no">
            {name}
          </span>
        </li>
      ))}
    </ul>
  );
}

function States() {
  const { t } = useTranslation('design');
  return (
    <Card title={t('states.title')}>
      <p className={css.pills}>
        {stateNames.map(state => (
          <StatePill key={state} state={state} />
        ))}
        <StatePill state="running">62 % · 0:41</StatePill>
      </p>
    </Card>
  );
}

function Controls() {
  const { t } = useTranslation(['design', 'common']);
  const [open, setOpen] = useState(false);
  return (
    <Card title={t('controls.title')}>
      <div className={css.stack}>
        <p className={css.pills}>
          <Button variant="filled">{t('controls.primary')}</Button>
          <Button onClick={() => toastDone({ message: t('controls.done'), undo: async () => {} })}>
            {t('controls.usual')}
          </Button>
          <Button variant="subtle">{t('controls.quiet')}</Button>
          <Button variant="filled" color="bad" onClick={() => setOpen(true)}>
            {t('controls.destroy')}
          </Button>
          <Button disabled>{t('controls.disabled')}</Button>
          <Button loading>{t('controls.usual')}</Button>
        </p>
        <TextInput label={t('controls.field')} description={t('controls.help')} placeholder="…" required />
        <TextInput label={t('controls.wrong')} defaultValue="Orders!" error={t('controls.error')} />
        <PasswordInput
          label={t('controls.password')}
          defaultValue="secret"
          visibilityToggleButtonProps={{ 'aria-label': t('common:form.show_password') }}
        />
        <Select label={t('controls.choice')} data={['PostgreSQL', 'MariaDB', 'Kafka']} defaultValue="Kafka" />
        <Checkbox label={t('controls.yes_no')} defaultChecked />
        <Switch label={t('controls.switch')} defaultChecked />
      </div>
      {open && (
        <ConfirmDialog
          title={t('controls.confirm')}
          action={t('controls.destroy')}
          typed="main"
          destructive
          run={async () => {}}
          onClose={() => setOpen(false)}
        >
          {t('controls.consequence')}
        </ConfirmDialog>
      )}
    </Card>
  );
}

function Words() {
  const { t } = useTranslation('design');
  const [began] = useState(() => new Date(Date.now() - 3 * 3600_000).toISOString());
  return (
    <Card title={t('words.title')}>
      <div className={css.stack}>
        <ProblemNotice problem={toProblem(new Error('ECONNREFUSED'))} retry={() => {}} />
        <SecretBox secret="mln_0123456789abcdef" label={t('words.secret')} />
        <Facts
          facts={[
            { term: t('words.started'), value: <RelativeTime at={began} /> },
            { term: t('words.table'), value: 'shop.orders', mono: true },
          ]}
        />
        <EmptyState
          title={t('words.empty')}
          text={t('words.empty_text')}
          action={<Button>{t('controls.usual')}</Button>}
        />
      </div>
    </Card>
  );
}

function Measures() {
  const { t } = useTranslation('design');
  return (
    <Card title={t('measures.title')}>
      <ul className={css.stack}>
        {SPACES.map(step => (
          <li key={step} className={css.measure}>
            <code>space-{step}</code>
            <span className={css.bar} style={{ width: `var(--space-${step})` }} />
          </li>
        ))}
      </ul>
    </Card>
  );
}
