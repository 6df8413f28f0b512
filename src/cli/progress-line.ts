const WIDTH = 30;
const EVERY_MS = 100;

/** Shows how far long work is on one line of a terminal's stderr; where stderr is no terminal, it shows nothing. */
export class ProgressLine {
  private done = 0;
  private shownAt = 0;
  private readonly began = Date.now();

  constructor(
    private readonly label: string,
    private readonly total: number,
    private readonly out: NodeJS.WriteStream = process.stderr,
  ) {}

  /** Counts so many more of the total. */
  readonly add = (count: number): void => {
    this.done += count;
    if (!this.out.isTTY || Date.now() - this.shownAt < EVERY_MS) return;
    this.shownAt = Date.now();
    const share = this.total === 0 ? 1 : Math.min(1, this.done / this.total);
    const bar = '█'.repeat(Math.round(share * WIDTH)).padEnd(WIDTH, '░');
    const rate = Math.round((this.done / Math.max(1, Date.now() - this.began)) * 1000);
    this.out.write(`\r${this.label} ${bar} ${Math.floor(share * 100)} % (${rate} rows/s)\u001b[K`);
  };

  /** Takes the line away. */
  end(): void {
    if (this.out.isTTY) this.out.write('\r\u001b[K');
  }
}
