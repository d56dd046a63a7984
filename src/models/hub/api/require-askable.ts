import { LlmOpsError } from '../../../errors.ts';
import type { HubSettings } from '../hub-settings.ts';

/**
 * What fetch would refuse with words that say too little, or with the secret itself. Throws `hub_failed` for an endpoint that is no web
 * address or that carries a password, and for a token that cannot be sent.
 */
export function requireAskable({ endpoint, token }: HubSettings): void {
  const url = URL.parse(endpoint);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new LlmOpsError('hub_failed', `HF_ENDPOINT is no web address: ${endpoint}`, {
      hint: 'Write one such as https://huggingface.co, or unset it.',
    });
  if (url.username !== '' || url.password !== '')
    throw new LlmOpsError('hub_failed', 'HF_ENDPOINT carries a user name or a password.', {
      hint: 'Take them out: who you are is said by HF_TOKEN.',
    });
  if (token !== null && !/^[\x21-\x7e]+$/.test(token))
    throw new LlmOpsError('hub_failed', 'The token for the hub has characters that no token has.', {
      hint: 'Copy it anew into HF_TOKEN, or into the file that HF_TOKEN_PATH names.',
    });
}
