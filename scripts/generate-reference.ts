import { type Generated, isStarted, settle } from './generated.ts';
import { apiPage } from './reference/api.ts';
import { configurationPage } from './reference/configuration.ts';
import { errorsPage } from './reference/errors.ts';
import { permissionsPage } from './reference/permissions.ts';

// Writes docs/reference/*.md from what the program itself goes by, so that the two cannot differ. `--check` only compares.

export function referencePages(): Generated {
  return {
    'docs/reference/api.md': apiPage(),
    'docs/reference/configuration.md': configurationPage(),
    'docs/reference/errors.md': errorsPage(),
    'docs/reference/permissions.md': permissionsPage(),
  };
}

if (isStarted(import.meta.url)) await settle(referencePages(), 'generate-reference.ts');
