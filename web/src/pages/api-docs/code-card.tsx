import { SegmentedControl } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Card } from '../../parts/card.tsx';
import { CodeBlock } from '../../parts/code-block.tsx';
import { codeSample, SAMPLE_LANGUAGES, type SampleLanguage, type SampleRequest } from './code-samples.ts';

const NAMES: Record<SampleLanguage, string> = { curl: 'curl', typescript: 'TypeScript', python: 'Python' };

/** The request as it is filled in, for a terminal or a program. */
export function CodeCard({ request }: { request: SampleRequest }) {
  const { t } = useTranslation('api_docs');
  const [language, setLanguage] = useState<SampleLanguage>('curl');
  return (
    <Card
      title={t('code')}
      aside={
        <SegmentedControl
          aria-label={t('code_language')}
          data={SAMPLE_LANGUAGES.map(value => ({ value, label: NAMES[value] }))}
          value={language}
          onChange={value => setLanguage(value as SampleLanguage)}
        />
      }
    >
      <CodeBlock label={t('code')} text={codeSample(language, request)} />
    </Card>
  );
}
