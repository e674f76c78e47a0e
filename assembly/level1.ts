/** BLAS level 1: operations on vectors of n entries, `inc` entries apart. */
import { lanes, madd, sumLanes } from './simd';

function dot<T>(n: i32, x: usize, incx: i32, y: usize, incy: i32): f64 {
  let s = v128.splat<T>(<T>0);
  let i = 0;
  if (incx == 1 && incy == 1) {
    for (; i + lanes<T>() <= n; i += lanes<T>()) s = madd<T>(v128.load(x + i * sizeof<T>()), v128.load(y + i * sizeof<T>()), s);
  }
  let r = <f64>sumLanes<T>(s);
  for (; i < n; i++) r += <f64>(load<T>(x + i * incx * sizeof<T>()) * load<T>(y + i * incy * sizeof<T>()));
  return r;
}

export function dot_f64(n: i32, x: usize, incx: i32, y: usize, incy: i32): f64 { return dot<f64>(n, x, incx, y, incy); }
export function dot_f32(n: i32, x: usize, incx: i32, y: usize, incy: i32): f64 { return dot<f32>(n, x, incx, y, incy); }
