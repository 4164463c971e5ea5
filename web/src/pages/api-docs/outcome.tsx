import { useTranslation } from 'react-i18next';
import { useFormat } from '../../i18n/use-format.ts';
import { CodeBlock } from '../../parts/code-block.tsx';
import { prettyJson } from '../../parts/json-tokens.ts';
import { StatePill } from '../../parts/state-pill.tsx';
import css from './api-docs.module.css';
import type { SampleRequest } from './code-samples.ts';
import type { Exchange, Received } from './use-exchange.ts';

/** What was sent and what came back, as it was. */
export function Outcome({ exchange }: { exchange: Exchange }) {
  const { t } = useTranslation('api_docs');
  const { sent, received, failure } = exchange;
  if (sent === undefined) return null;
  return (
    <div className={css.outcome}>
      {failure !== undefined && (
        <p role="alert" className={css.failure}>
          {t('outcome.no_answer', { reason: failure })}
        </p>
      )}
      {received !== undefined && <Answer received={received} running={exchange.state === 'running'} />}
      <details>
        <summary>{t('outcome.request')}</summary>
        <CodeBlock label={t('outcome.request')} text={requestText(sent)} />
      </details>
      {received !== undefined && (
        <details>
          <summary>{t('outcome.headers')}</summary>
          <CodeBlock
            label={t('outcome.headers')}
            text={received.headers.map(([name, value]) => `${name}: ${value}`).join('\n')}
          />
        </details>
      )}
    </div>
  );
}

function Answer({ received, running }: { received: Received; running: boolean }) {
  const { t } = useTranslation('api_docs');
  const { number, bytes } = useFormat();
  const { status, status_text, body, cut } = received;
  const state = running ? 'running' : status < 400 ? 'succeeded' : 'failed';
  return (
    <>
      <p className={css.facts} role="status">
        <StatePill state={state}>
          {status} {status_text}
        </StatePill>
        <span className="dim figures">
          {t('outcome.time', { time: number(Math.round(received.milliseconds)) })} · {bytes(received.bytes)}
        </span>
      </p>
      {body === '' ? (
        <p className="dim">{t('outcome.empty')}</p>
      ) : (
        <CodeBlock json label={t('outcome.body')} text={cut ? body : prettyJson(body)} />
      )}
      {cut && <p className="small dim">{t('outcome.cut')}</p>}
    </>
  );
}

function requestText({ method, url, headers, body }: SampleRequest): string {
  const lines = [`${method} ${url}`, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`)];
  return body === undefined ? lines.join('\n') : `${lines.join('\n')}\n\n${body}`;
}
