import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { obtainSpark } from '../../scripts/services/spark.ts';
import { openPythonSide, type PythonSide } from './python-side.ts';

const SCRIPT = fileURLToPath(new URL('spark-side.py', import.meta.url));

/** Spark on tables of ours in a folder, which it reads as a catalog of Hadoop; as many threads as DuckDB has. */
export async function openSpark(folder: string): Promise<PythonSide> {
  const { python, java_home, jars } = await obtainSpark();
  const env = { JAVA_HOME: java_home, SPARK_HOME: undefined, SPARK_LOCAL_DIRS: join(folder, 'spark') };
  const args = ['-u', '-B', SCRIPT, jars.join(','), folder, String(availableParallelism())];
  return openPythonSide(python, args, { cwd: folder, env });
}
