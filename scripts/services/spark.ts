import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isStarted } from '../generated.ts';
import { findJdk, obtainMaven } from './java.ts';
import { folderOf, isObtained, obtainOnce } from './place.ts';
import { pinned, pip } from './python.ts';

// Spark with Iceberg: a library of Python that starts a Java of its own, so no server. `node scripts/services/spark.ts` obtains it.

const run = promisify(execFile);

const SPARK = '4.1.4';
const ICEBERG = '1.12.0';
const JARS = [
  `org.apache.iceberg:iceberg-spark-runtime-4.1_2.13:${ICEBERG}:jar`,
  `org.apache.iceberg:iceberg-aws-bundle:${ICEBERG}:jar`,
];
const JAVA = [17, 21];

const spark = pinned('spark', SPARK, [`pyspark==${SPARK}`, 'py4j==0.10.9.9', ...JARS]);

export interface Spark {
  python: string;
  java_home: string;
  jars: string[];
  /** Of Spark and of its Iceberg. */
  version: string;
}

/** Why it cannot run here; false where it can. */
export function sparkAbsence(): string | false {
  if (findJdk(JAVA) === undefined) return `Spark ${SPARK} runs on JDK 17 or 21 (JAVA_HOME_17, /usr/lib/jvm)`;
  if (isObtained(spark)) return false;
  return 'Spark is not there: node scripts/services/spark.ts (a few minutes, 650 MB)';
}

export async function obtainSpark(): Promise<Spark> {
  const java_home = findJdk(JAVA);
  if (java_home === undefined) throw new Error(`Spark ${SPARK} runs on JDK 17 or 21, which is not there`);
  const folder = await obtainOnce(spark, async draft => {
    await run('python3', ['-m', 'venv', draft]);
    const packages = spark.pins.filter(pin => pin.includes('=='));
    await pip(join(draft, 'bin', 'python'), ['install', '--no-deps', ...packages]);
    for (const jar of JARS) await obtainMaven(jar, draft);
  });
  const jars = JARS.map(jar => {
    const [, name, version] = jar.split(':');
    return join(folderOf(spark), `${name}-${version}.jar`);
  });
  return {
    python: join(folder, 'bin', 'python'),
    java_home,
    jars,
    version: `${SPARK} with Iceberg ${ICEBERG}`,
  };
}

if (isStarted(import.meta.url)) console.log((await obtainSpark()).python);
