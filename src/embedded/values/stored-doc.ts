import { decode, decodeFields } from './codec';
import type { Value } from './value';

/**
 * A stored document that is decoded when somebody looks into it. One that nobody has looked into passes through a
 * pipeline as its bytes. With `only`, nothing but those top-level fields is ever asked for.
 */
export class StoredDoc extends Map<string, Value> {
  private isDecoded = false;
  private own: Buffer | undefined;

  constructor(
    bytes: Buffer,
    private readonly only?: ReadonlySet<string>,
  ) {
    super();
    this.own = bytes;
  }

  /** The whole document as BSON; undefined once it has been changed. */
  get bytes(): Buffer | undefined {
    return this.own;
  }

  override get size(): number {
    return this.decoded().sizeOfMap;
  }

  override get(name: string): Value | undefined {
    this.decoded();
    return super.get(name);
  }

  override has(name: string): boolean {
    this.decoded();
    return super.has(name);
  }

  override keys() {
    this.decoded();
    return super.keys();
  }

  override values() {
    this.decoded();
    return super.values();
  }

  override entries() {
    this.decoded();
    return super.entries();
  }

  override [Symbol.iterator]() {
    return this.entries();
  }

  override forEach(callback: (value: Value, name: string, map: Map<string, Value>) => void): void {
    this.decoded();
    super.forEach(callback);
  }

  override set(name: string, value: Value): this {
    this.decoded().own = undefined;
    return super.set(name, value);
  }

  override delete(name: string): boolean {
    this.decoded().own = undefined;
    return super.delete(name);
  }

  override clear(): void {
    this.decoded().own = undefined;
    super.clear();
  }

  private get sizeOfMap(): number {
    return super.size;
  }

  private decoded(): this {
    if (!this.isDecoded) {
      this.isDecoded = true;
      const fields = this.only ? decodeFields(this.own!, this.only) : decode(this.own!);
      for (const [name, value] of fields) super.set(name, value);
    }
    return this;
  }
}

// The types of values are told by their constructors.
Object.defineProperty(StoredDoc.prototype, 'constructor', { value: Map });
