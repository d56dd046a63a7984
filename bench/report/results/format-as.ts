import { format, resolveConfig } from 'prettier';

/** A text as `npm run check` wants that file to be; its name says what it is. */
export async function formatAs(file: string, text: string): Promise<string> {
  return format(text, { ...(await resolveConfig(file)), filepath: file });
}
