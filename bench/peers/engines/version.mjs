/** The versions of the peers, which package.json pins. */
import { readFileSync } from 'node:fs';

const { dependencies } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

export const named = (name) => `${name} ${dependencies[name]}`;
