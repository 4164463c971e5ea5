import { sparkAbsence } from '../../scripts/services/spark.ts';
import { isRequired } from '../support/required.ts';
import { testEngine } from './run.ts';
import { spark } from './spark.ts';

// Minutes, and a gigabyte of memory: not one of the tests of every day (npm run test:engines).
testEngine(spark, !isRequired('spark') && sparkAbsence());
