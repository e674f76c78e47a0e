/** The rules of the architecture, read off the source: who imports whom, where nobody waits, what the package exports. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as published from '#src/index.js';
import * as forTasks from '#src/library/index.js';

const SRC = fileURLToPath(new URL('../../src', import.meta.url));

/** The folders of src, from the bottom up: what each may import besides its own files. `errors` is src/errors.ts. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  layout: ['errors'],
  local: ['errors'],
  io: ['layout', 'errors'],
  comm: ['layout', 'local', 'errors'],
  dist: ['layout', 'comm', 'local', 'errors'],
  linalg: ['dist', 'local', 'layout', 'comm', 'errors'],
  library: ['linalg', 'dist', 'local', 'layout', 'comm', 'io', 'errors'],
  session: ['layout', 'errors'],
  engine: ['session', 'library', 'linalg', 'dist', 'local', 'layout', 'comm', 'io', 'errors'],
  protocol: ['layout', 'errors'],
  client: ['session', 'protocol', 'layout', 'errors'],
  server: ['engine', 'session', 'library', 'protocol', 'dist', 'local', 'layout', 'comm', 'io', 'errors'],
  // The part of the public API that loads its layer when it is called.
  remote: ['server', 'client', 'session'],
  cli: ['server', 'client', 'protocol', 'engine', 'session', 'local', 'layout', 'comm', 'io', 'errors', 'index'],
};

interface Source {
  /** Relative to src, with slashes. */
  readonly path: string;
  /** The folder in src, or the file's own name for those directly in it. */
  readonly folder: string;
  /** Without comments. */
  readonly code: string;
}

function sources(): Source[] {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'));
  return files.map((name) => {
    const path = name.replaceAll('\\', '/');
    const code = readFileSync(join(SRC, name), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`])\/\/.*$/gm, '$1');
    return { path, folder: path.includes('/') ? path.slice(0, path.indexOf('/')) : path.replace(/\.ts$/, ''), code };
  });
}

const ALL = sources();

interface Import {
  readonly specifier: string;
  /** The file in src, or undefined for modules of Node and packages. */
  readonly path: string | undefined;
  /** Its folder. */
  readonly folder: string | undefined;
}

const STATIC_OR_DYNAMIC = /\bfrom\s+'([^']+)'|\bimport\s*\(\s*'([^']+)'|^import\s+'([^']+)'/gm;
/** Modules that threads are started with. */
const BY_URL = /new URL\('(\.[^']+\.js)', import\.meta\.url\)/g;

/** What a file imports. */
function imports({ path, code }: Source, ...patterns: RegExp[]): Import[] {
  const found = patterns.flatMap((pattern) => [...code.matchAll(pattern)]);
  return found.map((match) => {
    const specifier = match.slice(1).find((text) => text !== undefined)!;
    if (!specifier.startsWith('.')) return { specifier, path: undefined, folder: undefined };
    const target = relative(SRC, resolve(SRC, dirname(path), specifier)).replaceAll('\\', '/');
    return { specifier, path: target.replace(/\.js$/, '.ts'), folder: target.includes('/') ? target.slice(0, target.indexOf('/')) : target.replace(/\.js$/, '') };
  });
}

/** 'this imports that', for the imports of some files that break a rule. */
const breaches = (files: readonly Source[], isWrong: (target: Import, file: Source) => boolean): string[] =>
  files.flatMap((file) => imports(file, STATIC_OR_DYNAMIC, BY_URL).filter((target) => isWrong(target, file)).map(({ specifier }) => `${file.path} imports ${specifier}`));

/** The files that are loaded with one, by itself or later, into the same thread. */
function reachable(path: string, seen = new Set<string>()): Set<string> {
  const file = ALL.find((source) => source.path === path);
  if (!file || seen.has(path)) return seen;
  seen.add(path);
  for (const target of imports(file, STATIC_OR_DYNAMIC)) if (target.path) reachable(target.path, seen);
  return seen;
}

const inFolders = (...folders: string[]): Source[] => ALL.filter(({ folder }) => folders.includes(folder));

/** The files in which a pattern occurs. */
const filesWith = (files: readonly Source[], pattern: RegExp): string[] => files.filter(({ code }) => pattern.test(code)).map(({ path }) => path);

/** The types that a file exports, by name. */
function typesOf(name: string): string[] {
  const { code } = ALL.find(({ path }) => path === name)!;
  const lists = [...code.matchAll(/export (type )?\{([^}]*)\}/g)].flatMap(([, all, names]) =>
    names.split(',').map((one) => one.trim()).filter((one) => all || one.startsWith('type ')));
  return lists.map((one) => one.replace(/^type /, '')).sort();
}

test('the source is found, with all its folders', () => {
  expect(ALL.length).toBeGreaterThan(60);
  const folders = new Set(ALL.filter(({ path }) => path.includes('/')).map(({ folder }) => folder));
  expect([...folders].filter((folder) => !Object.hasOwn(MAY_IMPORT, folder))).toEqual([]);
});

test.each(Object.keys(MAY_IMPORT))('%s imports only from the layers below it', (folder) => {
  const allowed = new Set([folder, ...MAY_IMPORT[folder]]);
  expect(breaches(inFolders(folder), ({ folder: target }) => target !== undefined && !allowed.has(target))).toEqual([]);
});

test('linalg and the tasks know the communicator by its interface, not how ranks are joined', () => {
  expect(breaches(inFolders('linalg', 'library'), ({ path }) => path?.startsWith('comm/') === true && !/^comm\/(communicator|broadcast-value)\.ts$/.test(path))).toEqual([]);
});

test('layout, dist and linalg know nothing of Node', () => {
  expect(breaches(inFolders('layout', 'dist', 'linalg'), ({ folder }) => folder === undefined)).toEqual([]);
});

test('nobody awaits in layout, local, comm, dist and linalg, but for the two files of comm that start threads', () => {
  const patient = ['comm/team.ts', 'comm/rank-thread.ts'];
  const files = inFolders('layout', 'local', 'comm', 'dist', 'linalg').filter(({ path }) => !patient.includes(path));
  expect(filesWith(files, /\bawait\b|\basync\b|\.then\(/)).toEqual([]);
});

test('no module of the package awaits while it is loaded, so that require works', () => {
  const loaded = reachable('index.ts');
  expect(loaded.size).toBeGreaterThan(50);
  expect(filesWith(ALL.filter(({ path }) => loaded.has(path)), /^(export )?((const|let) [^=\n]+= )?await\b/m)).toEqual([]);
});

test('algorithms know no time and no chance but what a seed gives', () => {
  // The wide kernels are timed before they are used; the forms of the sweep, which give the same bits, while they are.
  const files = inFolders('layout', 'local', 'dist', 'linalg', 'library').filter(({ path }) => !['local/wide.ts', 'local/sweep-form.ts'].includes(path));
  expect(filesWith(files, /\bperformance\.|\bDate\b|Math\.random/)).toEqual([]);
});

test('only the command and the log of the server print, and only the command ends the process', () => {
  expect(filesWith(ALL.filter(({ folder }) => folder !== 'cli'), /\bconsole\.|process\.(exit|stdout|stderr)\b/).filter((path) => path !== 'server/log.ts')).toEqual([]);
});

test('objects of other realms are recognised by what they are, not by instanceof', () => {
  expect(filesWith(ALL, /\binstanceof (Array|ArrayBuffer|SharedArrayBuffer|DataView|\w+Array|\w*Error|Map|Set|Promise|Date|Object)\b(?<!AlchemistError)/)).toEqual([]);
});

test('imports name files that exist, as they will be called', () => {
  expect(breaches(ALL, ({ specifier, path }) => path !== undefined && !(specifier.endsWith('.js') && ALL.some((file) => file.path === path)))).toEqual([]);
});

test('every file opens with a sentence on what it is', () => {
  const silent = ALL.filter(({ path }) => !/^(#!.*\n)?\/\*\*/.test(readFileSync(join(SRC, path), 'utf8'))).map(({ path }) => path);
  expect(silent).toEqual([]);
});

test('the package exports what it promises, and nothing else', () => {
  expect(Object.keys(published).sort()).toEqual(['Alchemist', 'AlchemistError', 'HostMatrix', 'MatrixHandle', 'Session', 'blockCyclic', 'connect', 'defineTask', 'serve']);
  expect(Object.keys(published.Alchemist)).toEqual(['start', 'connect', 'serve']);
  expect(typesOf('index.ts')).toEqual([
    'AlchemistServer', 'BlockDeal', 'CallCost', 'CallOptions', 'ConnectOptions', 'CopyOptions', 'Dist', 'DistPair', 'Distribution', 'Dtype', 'ErrorCode',
    'Estimate', 'FetchOptions', 'GemmOptions', 'GridInfo', 'GridOrder', 'Layout', 'Library', 'LibraryInfo', 'LoadOptions', 'LogLevel', 'MatrixLike',
    'MemoryReport', 'NewMatrixOptions', 'NormKind', 'ParamInfo', 'Placement', 'ProgressLine', 'RandomOptions', 'Range', 'RankMemoryUsage',
    'SaveOptions', 'SendOptions', 'ServeOptions', 'Shape', 'Slice', 'Solution', 'SolveOptions', 'StartOptions', 'Task', 'TaskContext',
    'TaskInfo', 'TruncatedSvd', 'TruncatedSvdOptions', 'WorkerInfo', 'WorkerOptions', 'WorkerSelection',
  ]);
});

test('alchemist-node/library exports what it promises, and nothing else', () => {
  expect(Object.keys(forTasks).sort()).toEqual([
    'AlchemistError', 'DistMatrix', 'add', 'axpy', 'broadcastValue', 'conform', 'contract', 'defineTask', 'describe', 'diagonal', 'dot', 'fillDiagonal',
    'frobeniusNorm', 'gemm', 'infinityNorm', 'maxNorm', 'mustHaveSameShape', 'mustHaveSameType', 'mustNotAlias', 'normal', 'oneNorm', 'redistribute',
    'scale', 'share', 'storageOf', 'trace', 'transpose', 'truncatedSvd', 'uniform',
  ]);
  expect(typesOf('library/index.ts')).toEqual([
    'Arguments', 'Block', 'CommunicationCost', 'Communicator', 'Cost', 'Dist', 'DistMatrixOptions', 'DistPair', 'Dtype', 'ErrorCode', 'GemmVariant',
    'Grid', 'Layout', 'Library', 'Matrix', 'MatrixInfo', 'Param', 'Params', 'Progress', 'Range', 'ReduceOperation', 'Result', 'Results', 'Slice',
    'StorageOrder', 'Task', 'TaskContext', 'Transfer', 'TruncatedSvd', 'TruncatedSvdOptions',
  ]);
});

test('importing the package, or asking the command for help, loads neither server nor client', () => {
  const early = (path: string, seen = new Set<string>()): Set<string> => {
    const file = ALL.find((source) => source.path === path);
    if (!file || seen.has(path)) return seen;
    seen.add(path);
    const code = file.code.replace(/^(import|export) type [^;]*;/gm, '');
    for (const target of imports({ ...file, code }, /\bfrom\s+'([^']+)'/g)) if (target.path) early(target.path, seen);
    return seen;
  };
  for (const path of ['index.ts', 'cli/main.ts']) {
    expect([...early(path)].filter((name) => /^(server|client)\//.test(name) && name !== 'server/log-level.ts')).toEqual([]);
  }
});
