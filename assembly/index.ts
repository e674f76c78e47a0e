/** Every kernel that the engine may call. The only export list of the WebAssembly modules. */
export { dot_f64, dot_f32 } from './level1';
