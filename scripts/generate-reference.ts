import { type Generated, isStarted, settle } from './generated.ts';
import { apiPage } from './reference/api.ts';
import { cliPage } from './reference/cli.ts';
import { configurationPage } from './reference/configuration.ts';
import { errorsPage } from './reference/errors.ts';
import { exitCodesPage } from './reference/exit-codes.ts';
import { permissionsPage } from './reference/permissions.ts';

// Writes docs/reference/*.md from what the program itself goes by, so that the two cannot differ. `--check` only compares.

export async function referencePages(): Promise<Generated> {
  return {
    'docs/reference/api.md': apiPage(),
    'docs/reference/cli.md': await cliPage(),
    'docs/reference/configuration.md': configurationPage(),
    'docs/reference/errors.md': errorsPage(),
    'docs/reference/exit-codes.md': exitCodesPage(),
    'docs/reference/permissions.md': permissionsPage(),
  };
}

if (isStarted(import.meta.url)) await settle(await referencePages(), 'generate-reference.ts');
