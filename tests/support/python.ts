import { isPythonObtained } from '../../scripts/services/python.ts';
import { isRequired, programPath } from './required.ts';

/** Why tests that drive PyIceberg, or DuckDB's extensions, are skipped; false where they are there, and where they must be. */
export function enginesAbsence(): string | false {
  if (isRequired('engines') || isPythonObtained()) return false;
  if (programPath('python3') === undefined) return 'python3 is not installed';
  return 'PyIceberg is not there: node scripts/services/python.ts (a minute, 360 MB)';
}
