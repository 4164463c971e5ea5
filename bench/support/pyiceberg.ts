import { fileURLToPath } from 'node:url';
import { pyicebergPython } from '../../scripts/services/python.ts';
import { openPythonSide, type PythonSide } from './python-side.ts';

const SCRIPT = fileURLToPath(new URL('pyiceberg-side.py', import.meta.url));

/** PyIceberg on a table of ours, by its metadata file; what it commits, it alone sees. */
export async function openPyiceberg(folder: string, metadata: string): Promise<PythonSide> {
  return openPythonSide(await pyicebergPython(), [SCRIPT, metadata], { cwd: folder });
}
