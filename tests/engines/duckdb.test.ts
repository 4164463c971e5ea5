import { duckdb } from './duckdb.ts';
import { testEngine, testFaults } from './run.ts';

testEngine(duckdb);
testFaults(duckdb);
