/** Names of split GGUF files: `<name>-00001-of-00003.gguf`, as llama.cpp's gguf-split writes them. */
const PART = /^(?<stem>.*)-(?<index>\d{5})-of-(?<count>\d{5})\.gguf$/i;

/** Every part of the model that the file belongs to, in order; the file alone when it is no part. */
export function ggufParts(file: string): readonly string[] {
  const { stem, count } = PART.exec(file)?.groups ?? {};
  if (stem === undefined || count === undefined) return [file];
  return Array.from(
    { length: Number(count) },
    (_, at) => `${stem}-${String(at + 1).padStart(5, '0')}-of-${count}.gguf`,
  );
}

/** Whether the file stands for a model: it is not split, or the first part. */
export function isFirstPart(file: string): boolean {
  return ggufParts(file)[0] === file;
}
