import { errorCodes, errors } from '../../src/contract/errors.ts';
import { EXIT_CODES, type ExitName, exitNameOf } from '../../src/doors/cli/exit-codes.ts';
import { code, page, table } from './markdown.ts';

const INTRODUCTION = `Every command ends with one of these. A script can act on the number alone; with \`--json\` the failure itself is
on standard error, in the shape of an [error](errors.md).`;

export function exitCodesPage(): string {
  const rows = Object.entries(EXIT_CODES).map(([name, { code: number, meaning }]) => [
    String(number),
    meaning,
    errorsOf(name as ExitName),
  ]);
  return page('Exit codes', INTRODUCTION, [table(['Code', 'Meaning', 'Errors'], rows)]);
}

function errorsOf(name: ExitName): string {
  return errorCodes
    .filter(error => exitNameOf(error, errors[error].status) === name)
    .map(code)
    .join(', ');
}
