/** Our chat templates beside those of the real transformers, which vLLM renders with. */
import { join } from 'node:path';

import { describeParity } from '../prompts/chat/parity/describe-parity.ts';
import { startPython } from '../prompts/chat/parity/python-renderer.ts';
import { provided } from './real-vllm.ts';

describeParity('chat templates beside those of transformers', () =>
  startPython({ python: join(provided('VLLM_BIN'), 'python'), by: 'transformers' }),
);
