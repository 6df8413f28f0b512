/** The known keys of the open objects: the one table that input is checked against and stored documents are read by. */

export type Kind = 'string' | 'strings' | 'int' | 'safeInt' | 'number' | 'boolean';

export type Shape = Readonly<Record<string, Kind>>;

export const MODEL = {
  name: 'string',
  architecture: 'string',
  parameters: 'safeInt',
  version: 'string',
} as const satisfies Shape;

export const CONFIG = {
  batch_size: 'int',
  max_epochs: 'int',
  learning_rate: 'number',
  optimizer: 'string',
  loss: 'string',
  patience: 'int',
  crop_size: 'number',
  num_workers: 'int',
  prefetch_factor: 'int',
  persistent_workers: 'boolean',
  amp: 'boolean',
  device: 'string',
} as const satisfies Shape;

export const DATASET = {
  releases: 'strings',
  train_windows: 'safeInt',
  val_windows: 'safeInt',
  cache_files: 'strings',
} as const satisfies Shape;

export const EEG_QUALITY = {
  n_channels: 'int',
  sampling_rate: 'number',
  duration_seconds: 'number',
  artifact_ratio: 'number',
} as const satisfies Shape;

/** What a value of each kind is, in words for an error message. */
export const KIND_IN_WORDS: Readonly<Record<Kind, string>> = {
  string: 'text',
  strings: 'a list of texts',
  int: 'an integer of 32 bits',
  safeInt: 'an integer up to 2^53 - 1',
  number: 'a number',
  boolean: 'true or false',
};

/** Whether a JavaScript value is of the kind. NaN and the infinities are not numbers here: GraphQL's Float has none. */
export function isOfKind(kind: Kind, value: unknown): boolean {
  switch (kind) {
    case 'string':
      return typeof value === 'string';
    case 'strings':
      return Array.isArray(value) && value.every((item) => typeof item === 'string');
    case 'int':
      return Number.isInteger(value) && Math.abs(value as number) < 2 ** 31;
    case 'safeInt':
      return Number.isSafeInteger(value);
    case 'number':
      return Number.isFinite(value);
    case 'boolean':
      return typeof value === 'boolean';
  }
}
