import type { ReactNode } from 'react';
import css from './facts.module.css';

export interface Fact {
  term: string;
  value: ReactNode;
  mono?: boolean;
}

/** Terms and values, aligned: what a thing is, in a few lines. */
export function Facts({ facts }: { facts: readonly Fact[] }) {
  return (
    <dl className={css.facts}>
      {facts.map(fact => (
        <div key={fact.term} className={css.fact}>
          <dt className={css.term}>{fact.term}</dt>
          <dd
            className={fact.mono ? `${css.value} mono` : css.value}
            translate={fact.mono ? 'no' : undefined}
          >
            {fact.value}
          </dd>
        </div>
      ))}
    </dl>
  );
}
