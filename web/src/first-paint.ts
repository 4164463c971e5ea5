// Runs before anything is drawn (see build/page-head-plugin.ts): a page that flashes white at night was decided too late.
// The keys are those of `preferences.ts`; a browser that refuses storage gets the system's theme.
let remembered: string | null = null;
try {
  remembered = localStorage.getItem('moulin.theme');
} catch {}
const dark =
  remembered === 'dark' || (remembered !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light');

export {};
