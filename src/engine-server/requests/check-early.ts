import { refusals } from './refusals.ts';

type RawBody = Readonly<Record<string, unknown>>;

/** Refuses a body for what its fields say together, whatever their types. */
export type EarlyCheck = (body: RawBody) => void;

/** Looks at a body as vLLM does before its validator: so these refusals come before any wrong type. Throws `param_out_of_range`. */
export function checkEarly(body: unknown, checks: readonly EarlyCheck[]): void {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return;
  for (const check of checks) check(body as RawBody);
}

/** Of both kinds of request. */
export const checkStreamOptions: EarlyCheck = ({ stream, stream_options: options }) => {
  if (isSaid(options) && !isSaid(stream)) throw refusals.streamOptions();
};

/** Of a completion. */
export const checkPromptIsThere: EarlyCheck = ({ prompt }) => {
  if (prompt === undefined || prompt === null || prompt === '') throw refusals.noPrompt();
};

/** Of a completion. */
export const checkSuffix: EarlyCheck = ({ suffix }) => {
  if (isSaid(suffix)) throw refusals.suffix();
};

/** Of a chat: there are none here, and an answer that ignores them would be a wrong one. */
export const checkTools: EarlyCheck = ({ tools, tool_choice: choice }) => {
  if (Array.isArray(tools) && tools.length === 0) throw refusals.noTools();
  if (isSaid(tools) && choice !== 'none') throw refusals.tools();
};

/** What Python takes for true: vLLM asks it so. */
function isSaid(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return Boolean(value);
  return Object.keys(value).length > 0;
}
