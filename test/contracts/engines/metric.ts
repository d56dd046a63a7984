/** A metric's value in Prometheus' text format, summed over its labels. Throws when it is not there. */
export function metric(text: string, name: string): number {
  const lines = text.split('\n').filter((line) => /^[^\s{]+/.exec(line)?.[0] === name);
  if (lines.length === 0) throw new Error(`there is no metric ${name}`);
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}
