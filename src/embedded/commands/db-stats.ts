import { doc, int } from '../values/value';
import { openView, refuse, type Command } from './invocation';
import { scaleOf, sizesOf, type CollectionSizes } from './sizes';

export const dbStats: Command = {
  fields: ['scale', 'freeStorage'],
  run(invocation) {
    const { db, engine, body } = invocation;
    refuse(body, 'dbStats', ['freeStorage']);
    const scale = scaleOf(body);
    const { view, release } = openView(invocation);
    try {
      const all = engine.catalog.list(db).map((collection) => sizesOf(view, collection));
      const sum = (of: (sizes: CollectionSizes) => number): number =>
        all.reduce((total, sizes) => total + of(sizes), 0);
      const objects = sum((sizes) => sizes.count);
      const [data, indexes] = [
        sum((sizes) => sizes.size),
        sum((s) => [...s.indexSizes.values()].reduce((a, b) => a + b, 0)),
      ];
      return {
        body: doc({
          db,
          collections: BigInt(all.length),
          views: 0n,
          objects: BigInt(objects),
          avgObjSize: objects > 0 ? data / objects : 0,
          dataSize: data / scale,
          storageSize: data / scale,
          indexes: BigInt(sum((sizes) => sizes.indexSizes.size)),
          indexSize: indexes / scale,
          totalSize: (data + indexes) / scale,
          scaleFactor: int(scale),
        }),
      };
    } finally {
      release();
    }
  },
};
