export type StreamForm = 'events' | 'frames';

/**
 * What is wrong with the end of a streamed answer; null: nothing. `tail`: the last of its body, with the framing of its chunks. Our own
 * events have no `[DONE]`: their last one has a finish reason, like a last frame.
 */
export function faultOfEnd(form: StreamForm, tail: string): string | null {
  if (tail.includes('"error":') || /"error_code":[1-9]/.test(tail)) return 'an error in the stream';
  const hasMark = form === 'events' && tail.includes('data: [DONE]\n\n');
  if (hasMark) return null;
  const mark = form === 'events' ? '\n\n' : '\0';
  const lastMark = tail.lastIndexOf(mark);
  const lastFinish = tail.lastIndexOf('"finish_reason":"');
  return lastFinish >= 0 && lastFinish < lastMark ? null : 'an answer without its end';
}
