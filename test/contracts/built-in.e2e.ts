import { describeContract } from './describe-contract.ts';
import { BUILT_IN } from './engines/built-in.ts';

describeContract(BUILT_IN);
