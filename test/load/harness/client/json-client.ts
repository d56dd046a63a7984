/** Questions beside the load: counters, states, faults. Never on the path that is measured. */

type Json = Readonly<Record<string, unknown>>;

/** The body, empty where there is none. Throws when the status is not a good one. */
export async function getJson(url: string): Promise<Json> {
  return readJson(url, await fetch(url, { headers: ONCE }));
}

export async function postJson(url: string, body: unknown): Promise<Json> {
  const headers = { ...ONCE, 'content-type': 'application/json' };
  return readJson(url, await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) }));
}

export async function deleteJson(url: string): Promise<Json> {
  return readJson(url, await fetch(url, { method: 'DELETE', headers: ONCE }));
}

/** An engine that dies takes its kept connections with it. */
const ONCE = { connection: 'close' };

async function readJson(url: string, reply: Response): Promise<Json> {
  const text = await reply.text();
  if (!reply.ok) throw new Error(`${url} answered ${reply.status}: ${text}`);
  return text === '' ? {} : (JSON.parse(text) as Json);
}

/** What the engine would say to the prompt, asked directly: the text of all its tokens. */
export async function askEngine(url: string, prompt: string, maxTokens: number): Promise<string> {
  const body = { prompt, max_tokens: maxTokens };
  const { choices } = (await postJson(`${url}/v1/completions`, body)) as {
    choices: readonly { readonly text: string }[];
  };
  return choices[0]!.text;
}
