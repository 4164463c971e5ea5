import { pyiceberg } from './pyiceberg.ts';
import { testEngine, testFaults } from './run.ts';

testEngine(pyiceberg);
testFaults(pyiceberg);
