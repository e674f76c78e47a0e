/** Gives back what it is given: one value of every type that the paper's clients send. */
import { defineTask } from '../task.js';

export const greet = defineTask({
  name: 'greet',
  about: 'gives every argument back under the name out_…; shows that values travel unharmed',
  params: {
    in_byte: { type: 'integer', default: 0, about: 'a byte' },
    in_char: { type: 'text', default: ' ', about: 'a character' },
    in_short: { type: 'integer', default: 0, about: 'a 16-bit integer' },
    in_int: { type: 'integer', default: 0, about: 'a 32-bit integer' },
    in_long: { type: 'long', default: 0, about: 'a 64-bit integer' },
    in_float: { type: 'real', default: 0, about: 'a single-precision number' },
    in_double: { type: 'real', default: 0, about: 'a double-precision number' },
    in_string: { type: 'text', default: '', about: 'a text' },
  },
  returns: {
    out_byte: 'in_byte', out_char: 'in_char', out_short: 'in_short', out_int: 'in_int',
    out_long: 'in_long', out_float: 'in_float', out_double: 'in_double', out_string: 'in_string',
  },
  run: (_, args) => Object.fromEntries(Object.entries(args).map(([name, value]) => [name.replace('in_', 'out_'), value])),
});
