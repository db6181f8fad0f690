/** @file For tests: the texts that stand in a source file, and which of them are handed to `say`. */

/** A string or template of a source. */
export interface Literal {
  /** Unescaped; the gaps of a template are `{0}`, `{1}` and so on. */
  readonly text: string;
  /** Whether it is the tag's template or the function's argument. */
  readonly isSaid: boolean;
  /** What stands before it, up to 60 characters. */
  readonly before: string;
}

/** Where a slash begins a regular expression rather than divides. */
const BEFORE_REGEX = /(?:[(,=:!&|?{};[]|=>|\breturn)\s*$/;
const REGEX = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/y;
const STRING = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/y;
const COMMENT = /\/\/[^\n]*|\/\*[\s\S]*?\*\//y;

/** @returns every string and template, those inside the gaps of others included */
export function readLiterals(source: string): Literal[] {
  const found: Literal[] = [];
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const [text] = pattern.exec(source) ?? [];
    if (text !== undefined) at += text.length;
    return text;
  };
  const keep = (start: number, text: string) => {
    const before = source.slice(Math.max(0, start - 60), start);
    found.push({ text, before, isSaid: /\bsay\(?\s*$/.test(before) });
  };

  /** Reads code up to the brace that closes it, or to the end. */
  function readCode(): void {
    for (let depth = 0; at < source.length; ) {
      const start = at;
      const char = source[at];
      const quoted = take(STRING);
      if (quoted !== undefined) keep(start, withoutEscapes(quoted.slice(1, -1)));
      else if (take(COMMENT) !== undefined) continue;
      else if (char === '/' && BEFORE_REGEX.test(source.slice(0, at)) && take(REGEX)) continue;
      else if (char === '`') readTemplate();
      else {
        if (char === '{') depth += 1;
        if (char === '}' && depth-- === 0) return;
        at += 1;
      }
    }
  }

  function readTemplate(): void {
    const start = at++;
    let text = '';
    for (let gaps = 0; source[at] !== '`'; ) {
      if (source.startsWith('${', at)) {
        at += 2;
        readCode();
        at += 1;
        text += `{${gaps++}}`;
      } else {
        const length = source[at] === '\\' ? 2 : 1;
        text += source.slice(at, at + length);
        at += length;
      }
    }
    at += 1;
    keep(start, withoutEscapes(text));
  }

  readCode();
  return found;
}

const withoutEscapes = (text: string): string =>
  text.replace(/\\(u[0-9a-f]{4}|.)/g, (_, escaped: string) => {
    if (escaped.length === 5) return String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
    return escaped === 'n' ? '\n' : escaped;
  });
