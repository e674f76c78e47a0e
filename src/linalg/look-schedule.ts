/** When a Krylov method looks at its Ritz values: solving the small problem at every step would cost as much as the steps. */
export class LookSchedule {
  #due = 1;
  #last: { step: number; digits: number } | undefined;

  isDue(step: number): boolean {
    return step >= this.#due;
  }

  /**
   * Extrapolates from the last two looks; since convergence speeds up, only part of the way and at most a quarter of it so far. But looks shall not
   * cost more than the steps between them; `price` is that of one, in steps.
   */
  plan(step: number, excess: number, price: number): void {
    const digits = Math.log10(excess);
    let wait = step / 4;
    if (this.#last && this.#last.digits > digits) {
      const rate = (this.#last.digits - digits) / (step - this.#last.step);
      wait = Math.min(wait, (0.7 * digits) / rate);
    }
    this.#due = step + Math.max(1, Math.floor(Math.max(wait, price)));
    this.#last = Number.isFinite(digits) ? { step, digits } : undefined;
  }
}
