/** Requests as commands that work for a given stack. Pure. */
import { type FrontDoor, serviceUrl } from '../../control/front-door.ts';

type Message = { readonly role: 'user' | 'ai'; readonly text: string };

/** What is asked for, besides what all requests have in common. */
type Input = {
  readonly messages?: readonly Message[];
  readonly prompt?: string;
  readonly system_message?: string;
  readonly temperature: number;
};

/** A whole answer to a conversation, and a streamed completion. */
export type ExampleRequests = { readonly chat: Input; readonly completion: Input };

const SYSTEM_MESSAGE = 'The following is a friendly conversation between a human and an AI.';

/** The two requests of the documentation. */
export const DOCUMENTED_REQUESTS: ExampleRequests = {
  chat: {
    messages: [
      { role: 'user', text: 'Hellow!' },
      { role: 'ai', text: 'Hey! How can I help you today?' },
      { role: 'user', text: 'Tell me a short funny joke.' },
    ],
    system_message: SYSTEM_MESSAGE,
    temperature: 0.7,
  },
  completion: {
    prompt: 'Hellow! Can you tell me a joke?',
    system_message: SYSTEM_MESSAGE,
    temperature: 0.7,
  },
};

/** What a very small model can do. The system message of the documentation makes it answer in other languages. */
export const DEMO_REQUESTS: ExampleRequests = {
  chat: { messages: [{ role: 'user', text: 'What is the capital of France?' }], temperature: 0 },
  completion: { prompt: 'Once upon a time, in a small village by the sea,', temperature: 0.7 },
};

/** Asks a service of the stack for a whole answer. */
export function generateCurl(door: FrontDoor, service: string, { chat }: ExampleRequests): string {
  return curl(door, service, { verb: 'worker_generate', input: chat, mode: 'chat' });
}

/** Asks it for a stream. */
export function streamCurl(
  door: FrontDoor,
  service: string,
  { completion }: ExampleRequests,
): string {
  return curl(door, service, {
    verb: 'worker_generate_stream',
    input: completion,
    mode: 'completion',
  });
}

type Request = {
  readonly verb: string;
  readonly input: Input;
  readonly mode: 'chat' | 'completion';
};

function curl(door: FrontDoor, service: string, { verb, input, mode }: Request): string {
  const body = {
    model_identifier: service,
    ...input,
    top_p: 0.9,
    echo: false,
    generation_mode: mode,
  };
  const flags = [
    // The frames of a stream end in a NUL, not in a newline: curl would hold them back.
    ...(verb.endsWith('_stream') ? ['-N'] : []),
    ...(door.selfSigned ? ['-k'] : []),
    ...(door.needsResolve ? [`--resolve ${door.host}:${String(door.port)}:${door.address}`] : []),
  ];
  const command = ['curl', ...flags, '-X POST', `${serviceUrl(door, service)}/${verb}`].join(' ');
  const json = printBody(body).replaceAll("'", String.raw`'\''`);
  return `${command} \\\n  -H "Content-Type: application/json" \\\n  -d '${json}'`;
}

/** A field a line, and a message a line: short enough to read, and to change by hand. */
function printBody(body: Readonly<Record<string, unknown>>): string {
  const fields = Object.entries(body).map(([name, value]) => {
    const items = Array.isArray(value) ? value.map((item) => `    ${JSON.stringify(item)}`) : null;
    return `  "${name}": ${items === null ? JSON.stringify(value) : `[\n${items.join(',\n')}\n  ]`}`;
  });
  return `{\n${fields.join(',\n')}\n}`;
}
