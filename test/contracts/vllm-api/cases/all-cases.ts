import type { ApiCase } from '../api-case.ts';
import { CHAT_CASES } from './chat-cases.ts';
import { COMPLETION_CASES } from './completion-cases.ts';
import { REFUSAL_CASES } from './refusal-cases.ts';
import { STATUS_CASES } from './status-cases.ts';
import { TOKEN_CASES } from './token-cases.ts';

/** Names are the keys of the recording, so no two are alike. */
export const API_CASES: readonly ApiCase[] = [
  ...STATUS_CASES,
  ...COMPLETION_CASES,
  ...CHAT_CASES,
  ...TOKEN_CASES,
  ...REFUSAL_CASES,
];
