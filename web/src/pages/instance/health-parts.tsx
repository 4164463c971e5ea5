import type { ParseKeys } from 'i18next';
import { useTranslation } from 'react-i18next';
import type { PartState } from '../../../../src/contract/system.ts';
import { useFormat } from '../../i18n/use-format.ts';
import { Card } from '../../parts/card.tsx';
import { StatePill } from '../../parts/state-pill.tsx';
import type { State } from '../../parts/states.ts';
import css from './health-parts.module.css';

const PILL: Record<PartState['state'], State> = { ok: 'succeeded', degraded: 'warning', down: 'failed' };

/** Each part with its state, what is known of it and, when something is wrong, what to do. */
export function HealthParts({ parts }: { parts: readonly PartState[] }) {
  const { t } = useTranslation('instance');
  return (
    <Card flush title={t('health.parts')}>
      <ul className={css.parts}>
        {parts.map(part => (
          <Part key={part.name} part={part} />
        ))}
      </ul>
    </Card>
  );
}

function Part({ part }: { part: PartState }) {
  const { t } = useTranslation('instance');
  const factText = useFactText();
  const name = t(`parts.${part.name}` as ParseKeys<'instance'>, { defaultValue: part.name });
  const facts = Object.entries(part.facts).map(factText);
  return (
    <li className={css.part}>
      <div className={css.words}>
        <p className={css.name}>{name}</p>
        {part.detail !== '' && <Detail part={part} />}
        {facts.length > 0 && <p className="small dim figures">{facts.join(' · ')}</p>}
      </div>
      <StatePill state={PILL[part.state]}>{t(`health.states.${part.state}`)}</StatePill>
    </li>
  );
}

/** The catalogue knows the usual troubles; what it does not know is shown in the server's own words. */
function Detail({ part }: { part: PartState }) {
  const { t } = useTranslation('instance');
  const { bytes } = useFormat();
  const facts = Object.fromEntries(
    Object.entries(part.facts).map(([key, value]) => [
      key,
      key.endsWith('_bytes') ? bytes(Number(value)) : value,
    ]),
  );
  const text = t(`details.${part.name}.${part.state}` as ParseKeys<'instance'>, {
    ...facts,
    detail: part.detail,
    defaultValue: part.detail,
  });
  return <p>{text}</p>;
}

function useFactText() {
  const { t } = useTranslation('instance');
  const { bytes } = useFormat();
  return ([key, value]: [string, PartState['facts'][string]]): string => {
    const shown = key.endsWith('_bytes') ? bytes(Number(value)) : String(value ?? '–');
    return t(`facts.${key}` as ParseKeys<'instance'>, { value: shown, defaultValue: `${key}: ${shown}` });
  };
}
