import { closeSync, openSync, writeSync } from 'node:fs';
import { StartupError } from '../errors';

const BUFFERED = 1 << 16;

/** A file of JSON lines, written as they come; made with the first of them, so that no line leaves no file. */
export class ReportFile {
  lines = 0;
  private fd: number | undefined;
  private waiting: string[] = [];
  private size = 0;

  constructor(readonly path: string) {}

  readonly add = (line: object): void => {
    const text = `${JSON.stringify(line)}\n`;
    this.lines++;
    this.waiting.push(text);
    this.size += text.length;
    if (this.size >= BUFFERED) this.flush();
  };

  close(): void {
    if (this.waiting.length > 0) this.flush();
    if (this.fd !== undefined) closeSync(this.fd);
    this.fd = undefined;
  }

  private flush(): void {
    try {
      this.fd ??= openSync(this.path, 'w');
      writeSync(this.fd, this.waiting.join(''));
    } catch (error) {
      throw new StartupError(
        `The report ${this.path} can't be written: ${(error as NodeJS.ErrnoException).code ?? String(error)}.`,
      );
    }
    [this.waiting, this.size] = [[], 0];
  }
}
