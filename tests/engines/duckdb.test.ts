import { duckdb } from './duckdb.ts';
import { testEngine } from './run.ts';

testEngine(duckdb);
