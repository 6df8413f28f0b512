/** A source of numbers from 0 up to 1 that the seed decides (a multiplicative congruential generator, modulus 2^31 - 1). */
export class Draws {
  private state: number;

  constructor(seed: number) {
    this.state = (Math.abs(Math.trunc(seed)) % 2147483646) + 1;
    for (let warm = 0; warm < 5; warm++) this.next();
  }

  next(): number {
    this.state = (this.state * 48271) % 2147483647;
    return (this.state - 1) / 2147483646;
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  /** From a normal distribution (Box and Muller's transform). */
  normal(mean = 0, deviation = 1): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()));
    return mean + deviation * radius * Math.cos(2 * Math.PI * this.next());
  }

  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  of<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!;
  }

  /** One of the values, earlier ones more often: each about three fifths as often as the one before it. */
  favouring<T>(values: readonly T[]): T {
    const place = Math.floor(Math.log(1 - this.next() * (1 - 0.6 ** values.length)) / Math.log(0.6));
    return values[Math.min(place, values.length - 1)]!;
  }
}
