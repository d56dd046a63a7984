/** The requests behind `golden/renderings.jsonl`, by name. */
import type { ChatRequest } from '../../../src/prompts/chat/chat-template.ts';

const WEATHER = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'The weather',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string', description: 'a city' } },
      required: ['city'],
    },
  },
};

const SYSTEM = { role: 'system', content: 'Answer briefly.' };

export const GOLDEN_REQUESTS: Readonly<Record<string, ChatRequest>> = {
  turns: {
    messages: [
      SYSTEM,
      { role: 'user', content: ' Hello 😀\n' },
      { role: 'assistant', content: '<think>\nhm\n</think>\n\nHi.' },
      { role: 'user', content: 'And "you"?' },
    ],
    addGenerationPrompt: true,
  },
  'no system message': {
    messages: [
      { role: 'user', content: 'One.' },
      { role: 'assistant', content: 'Two.' },
    ],
    addGenerationPrompt: false,
  },
  tools: {
    messages: [
      SYSTEM,
      { role: 'user', content: 'Weather in Paris?' },
      {
        role: 'assistant',
        content: '',
        tool_calls: [
          {
            id: 'abcdefgh1',
            type: 'function',
            function: { name: 'get_weather', arguments: { city: 'Paris' } },
          },
        ],
      },
      { role: 'tool', tool_call_id: 'abcdefgh1', content: '{"celsius": 22}' },
    ],
    tools: [WEATHER],
    addGenerationPrompt: true,
  },
  'roles that do not alternate': {
    messages: [SYSTEM, { role: 'user', content: 'a' }, { role: 'user', content: 'b' }],
    addGenerationPrompt: true,
  },
};
