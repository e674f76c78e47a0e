/** `alchemist serve`: an Alchemist server until it is told to stop. */
import { once } from 'node:events';
import { type Command, Option } from 'commander';
import { DEFAULT_PORT } from '../protocol/port.js';
import { LOG_LEVELS, type LogLevel } from '../server/log-level.js';
import type { ServeOptions } from '../server/serve.js';
import { gridShape, integer } from './arguments.js';
import { interruption } from './interrupt.js';
import { bold, facts, print } from './terminal.js';

const EXAMPLES = `
Examples:
  $ alchemist serve --workers 4                                          on this machine only, port ${DEFAULT_PORT}
  $ alchemist serve --port 0 --address-file /tmp/alchemist.json          any free ports, written down for others
  $ alchemist serve --host 0.0.0.0 --token-file secret.txt --tls-cert cert.pem --tls-key key.pem

Clients connect with connect('alchemist://host:${DEFAULT_PORT}'), with the Python package, or with the legacy Alchemist clients.
The driver listens on the port, worker k on port + k. Ctrl-C ends sessions and stops.`;

interface ServeCommandOptions extends Omit<ServeOptions, 'grid'> {
  readonly grid?: { readonly height: number; readonly width: number };
  readonly idle: number;
  readonly untilStdinEnds?: boolean;
}

export function addServe(program: Command): void {
  program
    .command('serve')
    .summary('serve matrices and libraries to clients')
    .description('Starts a driver and its workers, and serves clients until it is stopped.')
    .option('-p, --port <port>', 'port of the driver; 0: any free ones', integer(0), DEFAULT_PORT)
    .option('-w, --workers <count>', 'worker threads (default: as many as the machine runs at once, at most 4)', integer(1))
    .option('--host <address>', 'address to listen on; others than this machine need a token', '127.0.0.1')
    .option('--grid <RxC>', 'grid of sessions that use all workers (default: the squarest)', gridShape)
    .option('--token-file <file>', 'file with the token that clients must present')
    .option('--insecure', 'serve other machines without a token')
    .option('--tls-cert <file>', 'certificate; with --tls-key serves TLS 1.2 and newer')
    .option('--tls-key <file>', 'private key of the certificate')
    .option('--advertise <name>', 'host name that clients are told to reach the workers at')
    .option('--memory-per-worker <bytes>', "such as 512MiB or 4GiB (default: 4GiB shared by a session's workers)")
    .option('--data <dir>', 'directory of the files that clients may load and save')
    .option('--libraries <dir>', 'directory of modules that clients may load as libraries')
    .option('--idle <seconds>', 'end sessions that have been silent for so long; 0: never', integer(0), 0)
    .option('--log-file <file>', 'where the log goes (default: stderr)')
    .addOption(new Option('--log-level <level>', 'how much is logged').choices(LOG_LEVELS).default('info' satisfies LogLevel))
    .option('--address-file <file>', 'write the address here, as one line of JSON, once the server is ready; removed when it stops')
    .option('--until-stdin-ends', 'stop when standard input ends, too: with the program that has started the server')
    .addHelpText('after', EXAMPLES)
    .action(run);
}

async function run({ grid, idle, untilStdinEnds, ...options }: ServeCommandOptions): Promise<void> {
  const { serve } = await import('../server/serve.js');
  const server = await serve({ ...options, grid: grid && `${grid.height}x${grid.width}`, idleSeconds: idle });
  print(bold('Alchemist is ready'));
  print(...facts([['address', server.url], ['workers', server.workerPorts.map((port, k) => `${k + 1} on ${port}`).join(', ')]]));
  const ends = untilStdinEnds ? [once(process.stdin.resume(), 'end')] : [];
  if (!interruption.aborted) await Promise.race([once(interruption, 'abort'), ...ends]);
  await server.close();
}
