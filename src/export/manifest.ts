import { z } from 'zod';
import { COLLECTION_NAMES } from '../stores/collections';

export const MANIFEST = 'manifest.json';

/** What a folder of exported files must say of itself; `import` checks all of it before it writes anything. */
const SCHEMA = z.object({
  format: z.literal('epochgraph-export'),
  version: z.literal(1),
  createdBy: z.string(),
  createdAt: z.string(),
  /** The filter of the experiments; null where all were exported. */
  experiments: z.unknown(),
  files: z.array(
    z.object({
      name: z.string().regex(/^[a-z]+\.(ndjson|csv)$/),
      collection: z.enum(COLLECTION_NAMES),
      documents: z.int().nonnegative(),
      bytes: z.int().nonnegative(),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
    }),
  ),
});

export type Manifest = z.infer<typeof SCHEMA>;
export type ExportedFile = Manifest['files'][number];

/** The manifest in a text; undefined where it is none that this version reads. */
export function readManifest(text: string): Manifest | undefined {
  try {
    return SCHEMA.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
