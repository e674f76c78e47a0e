/** Python's literals, as far as the headers of .npy files use them. */

/** Lists and tuples are arrays, None is null. */
export type Literal = string | number | boolean | null | Literal[] | Map<Literal, Literal>;

/** Deeper nesting is refused. */
const DEPTH_LIMIT = 16;

const TOKEN = /\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|(-?\d+)L?|(True|False|None)\b|([{}[\](),:]))/y;
const CLOSING: Record<string, string> = { '(': ')', '[': ']', '{': '}' };
const CONSTANTS: Record<string, Literal> = { True: true, False: false, None: null };

/** The value of a Python literal of strings, integers, constants, tuples, lists and dictionaries; undefined for any other text. */
export function parseLiteral(text: string): Literal | undefined {
  let position = 0;

  /** The next token: a value, or a punctuation mark. */
  function token(): { value: Literal } | { mark: string } {
    TOKEN.lastIndex = position;
    const match = TOKEN.exec(text);
    if (!match) throw new SyntaxError(`unexpected text at ${position}`);
    position = TOKEN.lastIndex;
    const [, single, double, integer, constant, mark] = match;
    if (mark !== undefined) return { mark };
    if (integer !== undefined) return { value: Number(integer) };
    return { value: constant !== undefined ? CONSTANTS[constant] : (single ?? double).replace(/\\(.)/g, '$1') };
  }

  function expect(marks: string): string {
    const t = token();
    if (!('mark' in t) || !marks.includes(t.mark)) throw new SyntaxError(`expected one of ${marks} before ${position}`);
    return t.mark;
  }

  function value(depth: number): Literal {
    const t = token();
    if ('value' in t) return t.value;
    const close = CLOSING[t.mark];
    if (close === undefined || depth === DEPTH_LIMIT) throw new SyntaxError(`unexpected ${t.mark} before ${position}`);
    const items: Literal[] = [], entries = new Map<Literal, Literal>();
    for (;;) {
      const before = position;
      const end = token();
      if ('mark' in end && end.mark === close) break;
      position = before;
      const item = value(depth + 1);
      if (close === '}') {
        expect(':');
        entries.set(item, value(depth + 1));
      } else {
        items.push(item);
      }
      if (expect(`,${close}`) === close) break;
    }
    return close === '}' ? entries : items;
  }

  try {
    const result = value(0);
    return /\S/.test(text.slice(position)) ? undefined : result;
  } catch (error) {
    if ((error as Error).name === 'SyntaxError') return undefined;
    throw error;
  }
}
