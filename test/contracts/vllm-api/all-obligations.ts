import type { Obligation } from '../obligation.ts';
import { ANSWERS } from './answers.ts';
import { API_CASES } from './cases/all-cases.ts';
import { ENDS } from './ends.ts';
import { METRICS } from './metrics.ts';
import { toObligation } from './replies.ts';
import type { ApiEngine } from './replies.ts';
import { TOKENS } from './tokens.ts';

/** What makes an API vLLM's: what is in its answers, and then the replies to single requests, as vLLM 0.32 gives them. */
export const API_OBLIGATIONS: readonly Obligation<ApiEngine>[] = [
  ...ANSWERS,
  ...ENDS,
  ...TOKENS,
  ...METRICS,
  ...API_CASES.map(toObligation),
];
