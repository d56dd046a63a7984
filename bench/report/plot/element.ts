export type Attributes = Readonly<Record<string, string | number>>;

/** One SVG element. `content` is text that `escapeXml` has been over, or elements. */
export function element(name: string, attributes: Attributes, content = ''): string {
  const written = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${typeof value === 'number' ? round(value) : escapeXml(value)}"`,
  );
  const open = `<${name}${written.join('')}`;
  return content === '' ? `${open}/>` : `${open}>${content}</${name}>`;
}

/** A text that stands where it is put: `x` is its left end, unless `text-anchor` says otherwise. */
export function label(text: string, attributes: Attributes): string {
  return element('text', attributes, escapeXml(text));
}

export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/** A tenth of a pixel is finer than anybody sees, and files stay equal where figures do. */
function round(value: number): number {
  return Math.round(value * 10) / 10;
}
