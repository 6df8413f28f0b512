import { doc, int } from '../values/value';
import { scaleOf, sizesOf, sum } from './coll-stats';
import { withView, type Command } from './invocation';

export const dbStats: Command = {
  fields: ['scale'],
  refused: ['freeStorage'],
  run(invocation) {
    const { db, engine, body } = invocation;
    const scale = scaleOf(body);
    const all = withView(invocation, (view) => engine.catalog.list(db).map((collection) => sizesOf(view, collection)));
    const [objects, data] = [sum(all.map(({ count }) => count)), sum(all.map(({ size }) => size))];
    const indexes = all.flatMap(({ indexSizes }) => indexSizes.map(([, size]) => size));
    return {
      body: doc({
        db,
        collections: BigInt(all.length),
        views: 0n,
        objects: BigInt(objects),
        avgObjSize: objects > 0 ? data / objects : 0,
        dataSize: data / scale,
        storageSize: data / scale,
        indexes: BigInt(indexes.length),
        indexSize: sum(indexes) / scale,
        totalSize: (data + sum(indexes)) / scale,
        scaleFactor: int(scale),
      }),
    };
  },
};
