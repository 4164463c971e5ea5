import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import './styles/index.css';
import 'virtual:theme-variables.css';
import { App } from './app.tsx';
import { startI18n } from './i18n/i18n.ts';
import { rememberedLanguage } from './preferences.ts';

const place = document.getElementById('app');
if (place === null) throw new Error('index.html has no #app');
// The texts first: a page that appears in one language and turns into another has flickered.
await startI18n(rememberedLanguage());
createRoot(place).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
