import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, type FileHandle } from 'node:fs/promises';
import path from 'node:path';

const BUFFERED = 1 << 18;

/** What a file holds: its size and SHA-256. */
export interface FileSum {
  bytes: number;
  sha256: string;
}

/** Writes a file line by line under a temporary name; it has its own name when it is complete and on the disk. */
export class LinesFile {
  private readonly hash: Hash = createHash('sha256');
  private waiting: string[] = [];
  private size = 0;
  private bytes = 0;

  private constructor(
    private readonly file: string,
    private readonly handle: FileHandle,
  ) {}

  static async create(folder: string, name: string): Promise<LinesFile> {
    const file = path.join(folder, name);
    return new LinesFile(file, await open(`${file}.partial`, 'w'));
  }

  /** Appends a line; the text holds no line end. */
  async add(line: string): Promise<void> {
    this.waiting.push(line, '\n');
    this.size += line.length + 1;
    if (this.size >= BUFFERED) await this.flush();
  }

  async finish(): Promise<FileSum> {
    await this.flush();
    await this.handle.sync();
    await this.handle.close();
    await rename(`${this.file}.partial`, this.file);
    return { bytes: this.bytes, sha256: this.hash.digest('hex') };
  }

  /** Closes the file as it is, under its temporary name. */
  async abandon(): Promise<void> {
    await this.handle.close();
  }

  private async flush(): Promise<void> {
    const chunk = Buffer.from(this.waiting.join(''));
    [this.waiting, this.size] = [[], 0];
    this.hash.update(chunk);
    this.bytes += chunk.length;
    await this.handle.appendFile(chunk);
  }
}

/** Size and SHA-256 of a file, read as a stream. */
export async function sumOf(file: string): Promise<FileSum> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}
