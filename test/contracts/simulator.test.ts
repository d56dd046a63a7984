import { describeContract } from './describe-contract.ts';
import { SIMULATOR } from './engines/simulator.ts';

describeContract(SIMULATOR);
