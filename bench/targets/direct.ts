/** The engine itself, with nothing before it: what every added microsecond is counted from. */
import { chatShapes } from './requests/chat-request.ts';
import type { Target } from './target.ts';

export const direct: Target = {
  name: 'direct',
  version: '',
  start: ({ engineUrl }) =>
    Promise.resolve({
      name: 'direct',
      port: Number(new URL(engineUrl).port),
      rootPid: null,
      shapes: chatShapes(),
      close: () => Promise.resolve(),
    }),
};
