/** Libraries: named sets of tasks. The standard one holds everything that the engine can do. */
import { AlchemistError } from '../errors.js';
import { describeTask, type Task } from './task.js';

/** A set of tasks under one name. Its modules are loaded when a task is first called. */
export interface Library {
  readonly name: string;
  readonly about: string;
  /** How to load each task, by task name. */
  readonly tasks: Readonly<Record<string, () => Promise<Task>>>;
}

/** Tasks that have been loaded: a dynamic import costs more than a small task, even when the module is there. */
const loaded = new Map<() => Promise<Task>, Task>();

/**
 * The task of a library by name.
 * @throws AlchemistError E_ARGUMENT that lists the names that exist.
 */
export async function loadTask(library: Library, name: string): Promise<Task> {
  const load = Object.hasOwn(library.tasks, name) ? library.tasks[name] : undefined;
  if (!load) {
    throw new AlchemistError('E_ARGUMENT', `the library ${library.name} has no task ${JSON.stringify(name)}`, {
      hint: `it has ${Object.keys(library.tasks).join(', ')}`,
      fields: { library: library.name, task: name },
    });
  }
  let task = loaded.get(load);
  if (!task) loaded.set(load, (task = await load()));
  return task;
}

/** All tasks of a library as its callers may see them. */
export async function describeTasks(library: Library): Promise<ReturnType<typeof describeTask>[]> {
  const tasks = [];
  // One after another: the module loaders of some test runners trip over imports that share what they import.
  for (const name of Object.keys(library.tasks)) tasks.push(describeTask(await loadTask(library, name)));
  return tasks;
}
