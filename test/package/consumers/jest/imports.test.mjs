import { createRequire } from 'node:module';
import * as alchemist from 'alchemist-node';

createRequire(import.meta.url)('./cases.cjs')(alchemist);
