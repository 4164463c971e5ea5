import { serviceAbsence } from '../support/services.ts';
import { testEngine } from './run.ts';
import { trino } from './trino.ts';

// Minutes, and a gigabyte of memory: not one of the tests of every day (npm run test:engines).
testEngine(trino, serviceAbsence('trino'));
