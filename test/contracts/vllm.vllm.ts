import { describeContract } from './describe-contract.ts';
import { VLLM } from './engines/vllm.ts';

describeContract(VLLM);
