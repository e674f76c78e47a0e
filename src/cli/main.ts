/** The command's frame: its subcommands, and what becomes of an error. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import type { AlchemistError } from '../errors.js';
import { addBench } from './bench.js';
import { addDemo } from './demo.js';
import { addDoctor } from './doctor.js';
import { addGemm } from './gemm.js';
import { addInfo } from './info.js';
import { catchInterrupts, interruptCode } from './interrupt.js';
import { addLayout } from './layout.js';
import { addServe } from './serve.js';
import { addSvd } from './svd.js';
import { bold, cyan, oneLine, tolerateClosedPipes } from './terminal.js';

/** What a command ends with: 0 when it did what was asked; after Ctrl-C 130, as shells have it. */
const EXIT = { failed: 1, usage: 2 } as const;

const INTRODUCTION = `Dense linear algebra on a grid of worker threads: matrices distributed as Elemental distributes them, WebAssembly SIMD kernels.

A FILE is a .npy file (any real type, either order), separated text (.csv, .tsv, .txt), or, with h5wasm installed, an HDF5 file.`;

const EXAMPLES = `
Examples:
  $ alchemist demo                                          see it work, on real data
  $ alchemist svd A.npy --rank 10 --out svd/                U.npy, S.npy and V.npy of the 10 largest singular values
  $ alchemist gemm A.npy B.npy --out C.npy --workers 4      C = A·B on a 2×2 grid of workers
  $ alchemist layout 7x7 --grid 2x3 --dist MC_MR            which worker holds which entry

alchemist help COMMAND says more about a command. Exit codes: 0 done, 1 failed, 2 wrong usage, 130 cancelled by Ctrl-C.`;

/** Runs the command with these arguments and gives its exit code. */
export async function main(args: readonly string[]): Promise<number> {
  tolerateClosedPipes();
  catchInterrupts();
  try {
    await program().parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    return reported(error as Error);
  }
}

function program(): Command {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
  const alchemist = new Command('alchemist')
    .description(INTRODUCTION)
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', EXAMPLES)
    .exitOverride()
    .configureHelp({ styleTitle: bold, styleCommandText: cyan, styleSubcommandText: cyan, styleOptionText: cyan })
    .configureOutput({ outputError: (text, write) => write(`${oneLine(text)} (alchemist help shows what there is)\n`) });
  for (const add of [addSvd, addGemm, addInfo, addLayout, addServe, addDoctor, addBench, addDemo]) add(alchemist);
  return alchemist;
}

/** Tells the user what went wrong, in one line, and gives the exit code. */
function reported(error: Error): number {
  // Commander has written its message already.
  if (error.name === 'CommanderError') return (error as CommanderError).exitCode === 0 ? 0 : EXIT.usage;
  const { code } = error as AlchemistError;
  if (code === 'E_CANCELLED' && interruptCode() !== undefined) {
    process.stderr.write('cancelled\n');
    return interruptCode()!;
  }
  process.stderr.write(`${process.env.ALCHEMIST_DEBUG ? error.stack : `error: ${oneLine(error.message)}`}\n`);
  return code === 'E_ARGUMENT' ? EXIT.usage : EXIT.failed;
}
