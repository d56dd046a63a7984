import { describeContract } from './describe-contract.ts';
import { LLAMA_SERVER } from './engines/llama-server.ts';

describeContract(LLAMA_SERVER);
